internal import AsyncHTTPClient
internal import Credentials
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Providers

/// Sends one request and returns the whole answer: TLS always verified, redirects never followed, at
/// most 1 MiB and 20 seconds.
struct Transport: Sendable {
    /// Why there is no usable answer.
    struct Failure: Error {
        let cause: Check.Cause
    }

    static let largestBody = 1 << 20
    static let deadline = Duration.seconds(20)
    private static let connectLimit = TimeAmount.seconds(10)
    /// How many calls are under way at once. Each can have a connection to one and the same host: a call that waits for
    /// another's would run out of its own time.
    static let inFlight = 64
    private let direct: HTTPClient
    /// Plain http is for this machine alone and never goes through a proxy.
    private let proxied: Proxied

    private enum Proxied {
        case none
        case server(HTTPClient)
        /// One is named that cannot be used: whoever named it does not want to be seen without it.
        case unusable
    }

    /// - Parameter environment: `HTTPS_PROXY`, `ALL_PROXY` (http://HOST:PORT or HOST:PORT), `SSL_CERT_FILE` and `SSL_CERT_DIR` are
    ///   honoured.
    init(environment: [String: String]) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let roots = Self.trustRoots(environment) { tls.trustRoots = .certificates(roots) }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: Self.connectLimit, read: .seconds(20)))
        configuration.httpVersion = .http1Only
        configuration.decompression = .disabled
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.inFlight
        // Shorter than the patience of any server: one that closes a connection just when it is used again looks broken.
        configuration.connectionPool.idleTimeout = .seconds(2)
        direct = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        guard let proxy = Self.proxyVariables.lazy.compactMap({ environment[$0] }).first(where: { !$0.isEmpty }) else {
            proxied = .none
            return
        }
        if let (host, port) = Self.server(of: proxy) {
            configuration.proxy = .server(host: host, port: port)
            proxied = .server(HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration))
        } else {
            proxied = .unusable
        }
    }

    private static let proxyVariables = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]

    /// `http://HOST[:PORT]` or `HOST:PORT`; nil for every other kind of proxy.
    private static func server(of proxy: String) -> (host: String, port: Int)? {
        let text = proxy.contains("://") ? proxy : "http://" + proxy
        guard let url = URL(string: text), url.scheme?.lowercased() == "http", let host = url.host(), !host.isEmpty,
            url.user == nil
        else { return nil }
        return (host, url.port ?? 3128)
    }

    /// What is trusted instead of the system's certificates; nil when neither variable is set. `SSL_CERT_FILE` is a file in
    /// PEM, `SSL_CERT_DIR` directories of such files, separated by colons. What is not there or no certificate is passed
    /// over; if nothing is left, nothing is trusted.
    private static func trustRoots(_ environment: [String: String]) -> [NIOSSLCertificate]? {
        let file = environment["SSL_CERT_FILE"]
        let directories = environment["SSL_CERT_DIR"]
        guard file != nil || directories != nil else { return nil }
        var files = [file].compactMap(\.self)
        for directory in directories?.split(separator: ":").map(String.init) ?? [] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            files += names.map { directory + "/" + $0 }
        }
        return files.flatMap { (try? NIOSSLCertificate.fromPEMFile($0)) ?? [] }
    }

    func shutdown() async {
        try? await direct.shutdown()
        if case .server(let client) = proxied { try? await client.shutdown() }
    }

    func send(_ rendered: RenderedRequest) async throws(Failure) -> Answer {
        var request = HTTPClientRequest(url: rendered.url)
        request.method = HTTPMethod(rawValue: rendered.method)
        for (name, value) in rendered.headers { request.headers.add(name: name, value: value) }
        if let body = rendered.body { request.body = .bytes(ByteBuffer(string: body)) }
        let client: HTTPClient
        var isProxied = false
        switch proxied {
        case .server(let proxy) where rendered.url.hasPrefix("https://"): (client, isProxied) = (proxy, true)
        case .unusable where rendered.url.hasPrefix("https://"): throw Failure(cause: .proxy)
        case .none, .server, .unusable: client = direct
        }
        let began = NIODeadline.now()
        let end = began + .seconds(Self.deadline.components.seconds)
        do {
            let response: HTTPClientResponse
            do {
                response = try await client.execute(request, deadline: end)
            } catch  where Self.isUnsent(error) && NIODeadline.now() < began + Self.connectLimit {
                // Where one connection fails, the pool fails everybody who waits for one to that host. Who has not yet
                // left finds out by itself.
                response = try await client.execute(request, deadline: end)
            }
            let bytes = try await Self.body(of: response)
            return Answer(
                status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
                body: Array(buffer: bytes))
        } catch {
            let cause = (error as? Failure)?.cause ?? Check.Cause(of: error)
            throw Failure(cause: isProxied && cause.isOfTheWay ? .proxy : cause)
        }
    }

    /// True where there was no connection, so that nothing of the request has left.
    private static func isUnsent(_ error: any Error) -> Bool {
        switch error {
        case is NIOConnectionError, NIOSSLError.handshakeFailed: true
        case let error as IOError: error.errnoCode == ECONNREFUSED
        case let error as HTTPClientError:
            [.connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout].contains(error)
        default: false
        }
    }

    private static func body(of response: HTTPClientResponse) async throws -> ByteBuffer {
        do {
            return try await response.body.collect(upTo: largestBody)
        } catch {
            let cause = Check.Cause(of: error)
            // The head had arrived: what ended then ended in the middle.
            throw Failure(cause: cause == .closed ? .cut : cause)
        }
    }
}
