# A bearer API on 127.0.0.1 until it is killed. The first line on standard output has its port.
#   slow.py together COUNT   answers when so many requests are under way at once
#   slow.py after SECONDS    answers each after a while
import http.server, sys, threading, time

mode, number = sys.argv[1], float(sys.argv[2])
lock = threading.Condition()
under_way = 0


class API(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        global under_way
        if mode == "after":
            time.sleep(number)
        else:
            with lock:
                under_way += 1
                lock.notify_all()
                lock.wait_for(lambda: under_way >= number)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *words):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256


server = Server(("127.0.0.1", 0), API)
print(server.server_port, flush=True)
server.serve_forever()
