# SPDX-License-Identifier: MIT
"""A minimal HTTP server of asyncio's callbacks, on uvloop.

Requests are not parsed, only told from each other.
"""

import asyncio
import socket

import uvloop

from bench import listen

ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
          b"Content-Length: 13\r\n\r\nhello, world\n")


class Http(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.rest = b""

    def data_received(self, data):
        *requests, self.rest = (self.rest + data).split(b"\r\n\r\n")
        self.transport.write(ANSWER * len(requests))


async def main():
    listener = listen(socket.socket())
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Http, sock=listener)
    await server.serve_forever()


uvloop.install()
asyncio.run(main())
