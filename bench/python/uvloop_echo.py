# SPDX-License-Identifier: MIT
"""An echo server of asyncio's callbacks, on uvloop."""

import asyncio
import socket

import uvloop

from bench import listen


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


async def main():
    listener = listen(socket.socket())
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, sock=listener)
    await server.serve_forever()


uvloop.install()
asyncio.run(main())
