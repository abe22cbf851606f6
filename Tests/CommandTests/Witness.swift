import Foundation
import Subprocess
import SystemPackage
import Testing

/// A small server in a provider's place, for as long as the value lives: it gives one answer to everything and remembers
/// every byte that it could read.
final class Witness {
    /// The certificate that it shows, and the versions of TLS that it speaks.
    struct TLS: Encodable {
        let certificate: String
        let key: String
        var minimum = "TLSv1_2"
        var maximum = "TLSv1_3"
    }

    private struct Options: Encodable {
        let log: String
        let body: String
        let status: Int
        let tls: TLS?
    }

    private let processIdentifier: pid_t
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
                text = options["body"].encode()
                self.send_response(options["status"])
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
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

    /// - Parameter body: what it answers to every request.
    init(_ body: String = "{}", status: Int = 200, tls: TLS? = nil) async throws {
        directory = NSTemporaryDirectory() + "rekeep-witness-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let options = Options(log: directory + "/log", body: body, status: status, tls: tls)
        let words = ["-c", Self.program, String(decoding: try JSONEncoder().encode(options), as: UTF8.self)]
        let (openings, opened) = AsyncStream<(child: pid_t, line: Data)>.makeStream()
        Task {
            defer { opened.finish() }
            // Reads to the end, which is the server's end; then the child is reaped.
            _ = try await Subprocess.run(
                .path("/usr/bin/python3"), arguments: Arguments(words), input: .none, output: .sequence,
                error: .discarded
            ) { execution in
                var line = Data()
                for try await chunk in execution.standardOutput where !line.contains(10) {
                    line += chunk.withUnsafeBytes { Data($0) }
                    if line.contains(10) { opened.yield((child: execution.processIdentifier.value, line: line)) }
                }
            }
        }
        var first = openings.makeAsyncIterator()
        let begun = await first.next()
        let (child, line) = try #require(begun)
        processIdentifier = child
        port = try #require(Int(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    deinit {
        kill(processIdentifier, SIGKILL)
        try? FileManager.default.removeItem(atPath: directory)
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// All requests, as they came.
    var seen: String {
        String(decoding: FileManager.default.contents(atPath: directory + "/log") ?? Data(), as: UTF8.self)
    }
}
