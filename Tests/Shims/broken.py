# A server on 127.0.0.1 that fails as its argument says, until it is killed. The first line on standard output has its port.
#   broken.py refuses | drops | waits | resets | closes | closes-in-head | cuts | cuts-chunks | resets-in-body | babbles
import socket, struct, sys, threading

fault = sys.argv[1]
server = socket.socket()
server.bind(("127.0.0.1", 0))
# A port that is taken and not listened at refuses.
if fault != "refuses":
    server.listen(0 if fault == "drops" else 64)
    # With its queue full and nobody who takes from it, a listening port lets nobody in.
    waiting = [socket.socket() for _ in range(4 if fault == "drops" else 0)]
    for other in waiting:
        other.setblocking(False)
        other.connect_ex(server.getsockname())
print(server.getsockname()[1], flush=True)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SAID = {
    "closes-in-head": HEAD[:20],
    "cuts": HEAD + b'Content-Length: 100\r\n\r\n{"account"',
    "cuts-chunks": HEAD + b'Transfer-Encoding: chunked\r\n\r\n10\r\n{"account"',
    "resets-in-body": HEAD + b'Content-Length: 100\r\n\r\n{"account"',
    "babbles": b"220 mail.example ESMTP\r\n",
}


def answer(connection):
    connection.recv(65536)
    if fault == "waits":
        threading.Event().wait()
    connection.sendall(SAID.get(fault, b""))
    if fault == "resets-in-body":
        # The head is read on the other side before the reset takes it away.
        connection.settimeout(0.5)
        try:
            connection.recv(1)
        except TimeoutError:
            pass
    if fault.startswith("resets"):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


while True:
    if fault in ("refuses", "drops"):
        threading.Event().wait()
    threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()
