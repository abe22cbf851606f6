internal import Foundation
internal import Providers

/// A request with a credential's values in it, which leads to the host of its base URL and nowhere else.
struct RenderedRequest {
    /// Why there is no request.
    enum Fault: Error, Equatable {
        case template(Template.Fault)
        /// The URL does not lead to the scheme, host and port of the base URL.
        case leadsElsewhere
    }

    let method: String
    let url: String
    let headers: [(name: String, value: String)]
    let body: String?

    /// - Parameter values: by field name; what is not given is not sent.
    init(_ request: Profile.Request, _ values: [String: String], to base: BaseURL) throws(Fault) {
        var values = values
        values[Template.baseURL] = base.description
        do throws(Template.Fault) {
            method = request.method
            url = try request.url.render(values, for: .url)
            var headers = try Self.render(request.headers, values, for: .header)
            var contentType: String?
            switch request.body {
            case .none: body = nil
            case .form(let pairs):
                body = try Self.render(pairs, values, for: .form).map { "\($0.name)=\($0.value)" }
                    .joined(separator: "&")
                contentType = "application/x-www-form-urlencoded"
            case .json(let template):
                body = try template.render(values, for: .json)
                contentType = "application/json"
            }
            if let contentType, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
                headers.append(("Content-Type", contentType))
            }
            self.headers = headers
        } catch {
            throw .template(error)
        }
        guard Self.leads(url, to: base.origin) else { throw .leadsElsewhere }
    }

    private static func render(
        _ pairs: [(name: String, value: Template)], _ values: [String: String], for context: Template.Context
    ) throws(Template.Fault) -> [(name: String, value: String)] {
        var result: [(name: String, value: String)] = []
        for (name, template) in pairs { result.append((name, try template.render(values, for: context))) }
        return result
    }

    /// Read twice: by the strict rules for base URLs, and as the HTTP library reads it, which has the last word.
    private static func leads(_ url: String, to origin: Origin) -> Bool {
        guard origin.isPrivate, Origin(of: url) == origin, let parsed = URL(string: url), let scheme = parsed.scheme,
            let host = parsed.host, parsed.user == nil, parsed.password == nil
        else { return false }
        let bracketed = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        return Origin(of: "\(scheme)://\(bracketed)" + (parsed.port.map { ":\($0)" } ?? "")) == origin
    }
}
