public import Credentials

extension ProviderDescription {
    /// The user's file that took a built-in profile's place.
    public var replacingFile: String? { replacesBuiltIn ? ownFile : nil }

    /// Why a credential cannot be made from this description.
    public enum Refusal: Error, Equatable, Sendable {
        case noSuchEnvironment(String, known: [String])
        case needsBaseURL
        case baseURL(BaseURL.Refusal)
        /// The given base URL is the host of another environment.
        case hostOfAnotherEnvironment(host: String, environment: String)
    }

    /// The terms of one environment, with the user's own base URL in place of the profile's if given.
    /// - Throws: `Refusal`.
    public func terms(environment name: String, ownBaseURL: String?) throws(Refusal) -> Terms {
        guard let environment = environments.first(where: { $0.name == name }) else {
            throw .noSuchEnvironment(name, known: environments.map(\.name))
        }
        guard let text = ownBaseURL ?? environment.baseURL else { throw .needsBaseURL }
        let baseURL: BaseURL
        do {
            baseURL = try BaseURL(text)
        } catch {
            throw .baseURL(error)
        }
        for other in environments where other.name != name && other.baseURL != environment.baseURL {
            if let host = other.baseURL.flatMap({ try? BaseURL($0).host }), host == baseURL.host {
                throw .hostOfAnotherEnvironment(host: host, environment: other.name)
            }
        }
        return Terms(
            label: label, fields: fields, baseURL: baseURL.description, isTest: environment.isTest,
            variablePrefix: variablePrefix, mode: mode, maxAge: maxAge, lifetime: lifetime,
            activationWindow: activationWindow, allowsControl: allowsControl, deadWhen: deadWhen, attempts: attempts,
            panelPath: panelPath)
    }
}
