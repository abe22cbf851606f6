import Credentials
import Foundation
import Providers
import Sealing
import Synchronization

/// A provider in memory: keys that live, die and come alive late, and answers that are late, wrong or none.
final class ScriptedProvider: Courier {
    struct Key {
        var account = "acct-1"
        var isDead = false
        /// In milliseconds of the clock; not accepted before.
        var activeFrom: Int64 = 0
        var balance = "100.00"
    }

    struct Behaviour {
        /// Issuing a key ends the others of its account.
        var hasOneKey = false
        var namesAccount = true
        /// So many answers are none before there is one again.
        var outages = 0
        var acceptsAnything = false
        var refusesEverybody = false
        /// What it says of a dead key.
        var outcomeOfDead = Outcome.badCredentials
        var latency: Int64 = 20
        var retryAfter: Int?
        /// After so many wrong keys it answers nobody.
        var bansAfter = Int.max
        /// What it answers when it is asked for a key; nil: a new one.
        var issued: String?
        /// When it says that a request left and an answer was there; nil: as it was.
        var moments: (began: Int64, ended: Int64)?
        /// This key gets no answer.
        var isSilentFor: String?
    }

    private struct State {
        var keys: [String: Key] = [:]
        var behaviour = Behaviour()
        var wrongAttempts = 0
        var asked: [String] = []
        var everOK: Set<String> = []
        var beforeAnswer: (@Sendable () -> Void)?
        var issues = 0
    }

    private let state: Mutex<State>
    private let time: FakeClock
    let isInstalled = true

    init(_ time: FakeClock, _ behaviour: Behaviour = Behaviour()) {
        self.time = time
        state = Mutex(State(behaviour: behaviour))
    }

    var wrongAttempts: Int { state.withLock { $0.wrongAttempts } }
    /// The keys that were asked with, in their order.
    var asked: [String] { state.withLock { $0.asked } }
    var everOK: Set<String> { state.withLock { $0.everOK } }

    func behaviour(_ change: (inout Behaviour) -> Void) { state.withLock { change(&$0.behaviour) } }
    func change(_ key: String, _ change: (inout Key) -> Void) {
        state.withLock { if var known = $0.keys[key] { change(&known); $0.keys[key] = known } }
    }
    func onAnswer(_ body: (@Sendable () -> Void)?) { state.withLock { $0.beforeAnswer = body } }

    func isAlive(_ key: String) -> Bool {
        state.withLock { Self.isAlive($0.keys[key], time.monotonic) }
    }

    private static func isAlive(_ key: Key?, _ now: Int64) -> Bool {
        key.map { !$0.isDead && $0.activeFrom <= now } ?? false
    }

    /// Makes a key, as in the provider's panel.
    @discardableResult
    func issue(_ account: String = "acct-1", activeIn delay: Int64 = 0, balance: String = "100.00") -> String {
        state.withLock { state in
            if state.behaviour.hasOneKey {
                for (name, key) in state.keys where key.account == account { state.keys[name]?.isDead = true }
            }
            state.issues += 1
            let name = "fake-live-" + String(format: "%016x", state.issues &* 0x9E37_79B9)
            state.keys[name] = Key(account: account, activeFrom: time.monotonic + delay, balance: balance)
            return name
        }
    }

    func ask(
        _ questions: [CourierQuestion<SecretBytes>], in order: AskingOrder, progress: @escaping @Sendable (Int) -> Void
    ) async -> [CourierReply?] {
        var replies = [CourierReply?](repeating: nil, count: questions.count)
        var asked = order.first
        while !asked.isEmpty {
            let answers = answers(to: asked.map { ($0, questions[$0]) })
            for reply in answers { replies[reply.id] = reply }
            asked = answers.flatMap { order.then($0.id, $0) }
        }
        return replies
    }

    /// Those that are asked at one moment are answered at one moment.
    private func answers(to questions: [(Int, CourierQuestion<SecretBytes>)]) -> [CourierReply] {
        let began = time.monotonic
        time.pass(state.withLock { $0.behaviour.latency })
        state.withLock { $0.beforeAnswer }?()
        return questions.map { id, question in
            if case .issue = question {
                let key = state.withLock { $0.behaviour.issued } ?? issue()
                return CourierReply(id: id, issued: IssuedKey(values: ["token": key], expires: nil))
            }
            guard case .balance(let call) = question, let secret = call.fields["token"] else {
                return CourierReply(id: id, refusal: .malformedQuestion)
            }
            var result = answer(to: secret.withBytes { String(decoding: $0, as: UTF8.self) })
            let moments = state.withLock { $0.behaviour.moments }
            result.began = moments?.began ?? began
            result.ended = moments?.ended ?? time.monotonic
            return CourierReply(id: id, result: result)
        }
    }

    private func answer(to name: String) -> BalanceResult {
        state.withLock { state in
            state.asked.append(name)
            if state.behaviour.outages > 0 {
                state.behaviour.outages -= 1
                var result = BalanceResult(
                    outcome: state.behaviour.retryAfter == nil ? .providerDown : .rateLimited)
                result.retryAfter = state.behaviour.retryAfter.map { Span(seconds: Int64($0)) }
                return result
            }
            if state.behaviour.isSilentFor == name { return BalanceResult(outcome: .providerDown) }
            if state.wrongAttempts >= state.behaviour.bansAfter { return BalanceResult(outcome: .unknown) }
            let key = state.keys[name]
            if state.behaviour.acceptsAnything { return Self.accept(key ?? Key(), state.behaviour) }
            guard !state.behaviour.refusesEverybody, Self.isAlive(key, time.monotonic), let key else {
                // One that is only not live yet is nobody's guess.
                if key?.isDead ?? true { state.wrongAttempts += 1 }
                let isKnown = key?.isDead == true
                return BalanceResult(
                    outcome: isKnown ? state.behaviour.outcomeOfDead : .badCredentials, status: 401)
            }
            state.everOK.insert(name)
            return Self.accept(key, state.behaviour)
        }
    }

    private static func accept(_ key: Key, _ behaviour: Behaviour) -> BalanceResult {
        BalanceResult(
            outcome: .ok, balances: Money(amount: key.balance, currency: "USD").map { [$0] } ?? [],
            identity: behaviour.namesAccount ? key.account : nil)
    }
}
