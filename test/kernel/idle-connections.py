"""One side of connections that are idle: `serve` echoes, and upon `push` speaks first after four seconds; `ask` is its client.
It prints what became of each: `echo` or the error."""
import socket
import sys
import threading
import time

SERVICE = ("10.96.0.40", 80)
IDLE = 4


def serve():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", 8080))
    listener.listen()
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def answer(connection):
    try:
        while message := connection.recv(10):
            if message == b"push":
                time.sleep(IDLE)
                connection.sendall(b"first")
                connection.recv(10)
            connection.sendall(b"echo")
    except OSError as error:
        print("server:", error.strerror, flush=True)


def ask():
    connections = [socket.create_connection(SERVICE, 5) for _ in range(6)]
    for connection in connections:
        connection.settimeout(5)
        connection.sendall(b"hi")
        connection.recv(10)
    connections[0].sendall(b"push")
    time.sleep(IDLE)
    for connection in connections[1:]:
        connection.sendall(b"hi")
        print("client:", connection.recv(10).decode(), flush=True)
    try:
        print("pushed:", connections[0].recv(10).decode(), flush=True)
    except OSError as error:
        print("pushed:", error, flush=True)


{"serve": serve, "ask": ask}[sys.argv[1]]()
