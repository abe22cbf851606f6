# A bearer API over TLS and a proxy to it, both on 127.0.0.1, until standard input ends. The first line on standard output
# has their ports.
#   https.py CERTIFICATE KEY TOKEN
# A GET of /tunnels is answered with the number of connections that came through the proxy.
import http.server, select, socket, ssl, sys, threading

certificate, key, token = sys.argv[1:]
tunnels = 0


class API(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        right = self.headers["Authorization"] == "Bearer " + token
        body = b'{"tunnels":"%d"}' % tunnels if right else b"{}"
        self.send_response(200 if right else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


class Proxy(http.server.BaseHTTPRequestHandler):
    def do_CONNECT(self):
        global tunnels
        tunnels += 1
        host, port = self.path.rsplit(":", 1)
        other = socket.create_connection((host, int(port)))
        self.send_response(200)
        self.end_headers()
        ends = {self.connection: other, other: self.connection}
        while True:
            for end in select.select(list(ends), [], [])[0]:
                data = end.recv(65536)
                if not data:
                    return
                ends[end].sendall(data)

    def log_message(self, *words):
        pass


api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), API)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
api.socket = context.wrap_socket(api.socket, server_side=True)
proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
for server in api, proxy:
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(api.server_port, proxy.server_port, flush=True)
sys.stdin.read()
