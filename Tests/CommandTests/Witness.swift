import Foundation
import Testing

/// A small server in a provider's place, for as long as the value lives: it gives one answer to everything but what it was
/// told other answers for, and remembers every byte that it could read.
final class Witness {
    /// The certificate that it shows, and the versions of TLS that it speaks.
    struct TLS: Encodable {
        let certificate: String
        let key: String
        var minimum = "TLSv1_2"
        var maximum = "TLSv1_3"
    }

    struct Answer: Encodable {
        var status = 200
        let body: String
        /// The connection ends before the body does.
        var isCut = false
    }

    private struct Options: Encodable {
        let log: String
        let body: String
        let status: Int
        let answers: [String: Answer]
        let tls: TLS?
    }

    private let process: ServerProcess
    private let directory: String
    let port: Int

    private static let program = #"""
        import http.server, json, ssl, sys
        options = json.loads(sys.argv[1])

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with open(options["log"], "ab") as log:
                    log.write(self.requestline.encode() + b"\n" + bytes(self.headers) + body + b"\n")
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                answer = options["answers"].get(f"{self.command} {self.path} {token}", options)
                text = answer["body"].encode()
                is_cut = answer.get("isCut", False)
                self.send_response(answer["status"])
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text) + (100 if is_cut else 0)))
                self.end_headers()
                self.wfile.write(text)
                self.close_connection = is_cut
            do_GET = do_POST = do_PUT = do_DELETE = answer
            def log_message(self, *arguments): pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, address): pass

        server = Server(("127.0.0.1", 0), Handler)
        tls = options.get("tls")
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            # Below 1.2 OpenSSL speaks only at its lowest level of security.
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion[tls["minimum"]]
            context.maximum_version = ssl.TLSVersion[tls["maximum"]]
            context.load_cert_chain(tls["certificate"], tls["key"])
            server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """#

    /// - Parameters:
    ///   - body: what it answers to every other request.
    ///   - answers: by method, path and bearer token, with blanks between.
    init(
        _ body: String = "{}", status: Int = 200, answers: [String: Answer] = [:], tls: TLS? = nil
    ) async throws {
        directory = NSTemporaryDirectory() + "rekeep-witness-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let options = Options(log: directory + "/log", body: body, status: status, answers: answers, tls: tls)
        let words = ["-c", Self.program, String(decoding: try JSONEncoder().encode(options), as: UTF8.self)]
        process = try await ServerProcess("/usr/bin/python3", words)
        let opening = String(decoding: process.opening, as: UTF8.self)
        port = try #require(Int(opening.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    var url: String { "http://127.0.0.1:\(port)" }

    /// All requests, as they came.
    var seen: String {
        String(decoding: FileManager.default.contents(atPath: directory + "/log") ?? Data(), as: UTF8.self)
    }
}
