import Credentials
import Testing

struct TermsTests {
    private static let field = Field(
        name: "key", label: "Key", isSecret: true, isOptional: false, role: .key, pattern: nil, variable: "KEY")

    private static func terms(
        label: String = "label", fields: [Field] = [field], baseURL: String = "https://a.invalid", isTest: Bool = false,
        variablePrefix: String = "A", mode: Terms.Mode = .overlap, maxAge: Span = .days(1), lifetime: Span? = nil,
        activationWindow: Span = .days(2), allowsControl: Bool = true, deadWhen: [Outcome] = [],
        attempts: AttemptBudget = .usual, panelPath: String = "panel"
    ) -> Terms {
        Terms(
            label: label, fields: fields, baseURL: baseURL, isTest: isTest, variablePrefix: variablePrefix, mode: mode,
            maxAge: maxAge, lifetime: lifetime, activationWindow: activationWindow, allowsControl: allowsControl,
            deadWhen: deadWhen, attempts: attempts, panelPath: panelPath)
    }

    @Test func `terms are equal when all parts are`() {
        #expect(Self.terms() == Self.terms() && Self.terms().hashValue == Self.terms().hashValue)
        let others = [
            Self.terms(label: "other"), Self.terms(fields: []), Self.terms(baseURL: "https://b.invalid"),
            Self.terms(isTest: true), Self.terms(variablePrefix: "B"), Self.terms(mode: .cutover),
            Self.terms(maxAge: .days(2)), Self.terms(lifetime: .days(1)), Self.terms(activationWindow: .days(1)),
            Self.terms(allowsControl: false), Self.terms(deadWhen: [.forbidden]),
            Self.terms(attempts: AttemptBudget(most: 1, per: .days(1))), Self.terms(panelPath: "other"),
        ]
        #expect(others.count == Mirror(reflecting: Self.terms()).children.count)
        for other in others { #expect(other != Self.terms()) }
        #expect(Set(others).count == others.count)
    }
}
