# SPDX-License-Identifier: MIT
"""A minimal HTTP server on gevent's own: pywsgi."""

from gevent import socket
from gevent.pywsgi import WSGIServer

from bench import listen


def answer(_, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello, world\n"]


WSGIServer(listen(socket.socket()), answer, log=None).serve_forever()
