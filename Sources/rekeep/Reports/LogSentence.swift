import Vault

/// How an action of the audit log ended, in a few words.
enum LogSentence {
    static func text(_ entry: LogEntry) -> String {
        switch entry.outcome {
        case .done: "ok"
        case .unproved: "unproved"
        case .object(let text): text
        case .unbound: "unbound"
        case .credentialErased: "credential erased"
        case .part(let count, let all): "\(count) of \(all) \(unit(entry.action))"
        case .keyKept: "key kept"
        case .rekeyed: "re-keyed"
        case .generation(let generation): "generation \(generation)"
        case .state(let state): state.name
        case .answered(let outcome): outcome.name
        case .wrongAccount: "wrong account"
        case .notValidated: "can't validate"
        case .asksForKey: "asks the provider for a key"
        case .asksToEnd(let version): "asks the provider to end version \(version)"
        case .staged(let version): "staged version \(version)"
        case .returning(let version): "version \(version) is to come back"
        case .promoted(let version): "promoted version \(version)"
        case .putAside(let version): "version \(version) put aside"
        case .rolledBack(let version): "rolled back to version \(version)"
        case .takenIn(let version): "took in version \(version) from an emergency file"
        case .erased(let versions):
            versions.isEmpty ? "not yet" : "erased version " + versions.map { "\($0)" }.joined(separator: " ")
        }
    }

    private static func unit(_ action: LogAction) -> String {
        switch action {
        case .deploy: "targets"
        case .drift: "current"
        default: "ok"
        }
    }
}
