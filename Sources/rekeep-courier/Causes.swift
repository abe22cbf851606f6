internal import AsyncHTTPClient
internal import Credentials
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// What the HTTP library's errors mean.
extension Check.Cause {
    init(of error: any Error) {
        self =
            switch error {
            case is NIOTooManyBytesError: .tooLarge
            case NIOSSLError.uncleanShutdown: .closed
            case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: Self.tls(error)
            case HTTPParserError.invalidEOFState: .closed
            case is HTTPParserError: .notHTTP
            case is CancellationError: .timeout
            case let error as HTTPClientError: Self.client(error)
            case ChannelError.connectTimeout: .connectTimeout
            case let error as NIOConnectionError: Self.connection(error)
            case let error as IOError: Self.system(error.errnoCode)
            default: .other
            }
    }

    /// It says that there was no way to the other end: where that is a proxy, it is the proxy's fault.
    var isOfTheWay: Bool {
        switch self {
        case .dns, .connect, .refused, .connectTimeout: true
        default: false
        }
    }

    private static func client(_ error: HTTPClientError) -> Check.Cause {
        switch error {
        case .deadlineExceeded, .readTimeout, .writeTimeout, .cancelled: .timeout
        // The pool has a connection for each call: what waited for one waited for its own.
        case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout: .connectTimeout
        case .remoteConnectionClosed: .closed
        case .invalidProxyResponse, .proxyAuthenticationRequired, .httpProxyHandshakeTimeout: .proxy
        default: .other
        }
    }

    /// A host can have several addresses; the one that came furthest tells most.
    private static func connection(_ error: NIOConnectionError) -> Check.Cause {
        let causes = error.connectionErrors.map { Check.Cause(of: $0.error) }
        let waysEnd: [Check.Cause] = [.connectTimeout, .refused, .connect]
        return causes.first { !waysEnd.contains($0) } ?? waysEnd.first { causes.contains($0) } ?? .dns
    }

    private static func system(_ code: CInt) -> Check.Cause {
        switch code {
        case ECONNREFUSED: .refused
        case ECONNRESET, EPIPE: .reset
        case ETIMEDOUT: .connectTimeout
        default: .connect
        }
    }

    /// BoringSSL's names of errors tell a version apart: UNSUPPORTED_PROTOCOL, TLSV1_ALERT_PROTOCOL_VERSION.
    private static func tls(_ error: any Error) -> Check.Cause {
        let name = "\(error)"
        if name.contains("PROTOCOL") { return .tlsVersion }
        return name.contains("CERTIFICATE") || name.contains("ertificate") || error is NIOSSLExtraError
            ? .certificate : .tls
    }
}
