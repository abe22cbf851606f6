import Credentials
import Providers

extension Complaint {
    init(_ refusal: Hygiene.Refusal) {
        switch refusal {
        case .empty(let field): self.init("the \(field.label) is empty", ExitStatus.badInput)
        case .notUTF8(let field):
            self.init("the \(field.label) is not text in UTF-8", hint: "copy it again", ExitStatus.badInput)
        case .tooLong(let field, let limit):
            self.init("the \(field.label) is longer than \(limit) bytes", ExitStatus.badInput)
        case .email(let field):
            self.init(
                "this is an e-mail address, not the \(field.label)",
                hint: "the provider's panel shows the \(field.label)", ExitStatus.badInput)
        case .swapped(let field, let other):
            self.init(
                "\(field.label) and \(other.label) are swapped: each looks like the other",
                hint: "enter them the other way round",
                ExitStatus.badInput)
        case .isOtherField(let field, let other):
            self.init(
                "this is the \(other.label), not the \(field.label)",
                hint: "the \(field.label) stands beside it in the provider's panel", ExitStatus.badInput)
        case .isURL(let field): self.init("this is a web address, not the \(field.label)", ExitStatus.badInput)
        case .isMasked(let field):
            self.init(
                "this is what the panel shows in place of the \(field.label), not the \(field.label) itself",
                hint: "use the panel's button that shows or copies it", ExitStatus.badInput)
        case .isNoValue(let field):
            self.init("this is not the \(field.label): it is asked for here", ExitStatus.badInput)
        case .isDoubled(let field):
            self.init(
                "the \(field.label) was pasted twice in a row", hint: "give it once", ExitStatus.badInput)
        case .isCommand(let field):
            self.init("this is a command, not the \(field.label)", hint: "give the value alone", ExitStatus.badInput)
        case .labelled(let field, let found):
            let names = found.map(\.label).joined(separator: " and ")
            self.init(
                "this is more than the \(field.label): what was pasted names \(names)",
                hint: "give the value alone", ExitStatus.badInput)
        case .wrongForm(let field):
            self.init(
                "the \(field.label) does not have the form that it should", hint: "copy it again, the whole of it",
                ExitStatus.badInput)
        }
    }

    init(_ refusal: ProviderDescription.Refusal, of name: String) {
        switch refusal {
        case .noSuchEnvironment(let environment, let known):
            self.init(
                "\(name) has no environment '\(environment)'", hint: "it has \(known.joined(separator: ", "))",
                ExitStatus.missing)
        case .needsBaseURL:
            self.init("\(name) needs to know where to ask", hint: "give --base-url https://…", ExitStatus.usage)
        case .baseURL(.malformed):
            self.init(
                "the base URL is not of the form https://HOST[:PORT][/PATH]",
                hint: "leave out user, query and fragment",
                ExitStatus.badInput)
        case .baseURL(.notEncrypted(let host)):
            self.init("a key is never sent to \(host) without encryption", hint: "use https", ExitStatus.badInput)
        case .hostOfAnotherEnvironment(let host, let environment):
            self.init(
                "\(host) is the \(environment) environment of \(name)", hint: "keys of two environments never meet",
                ExitStatus.badInput)
        }
    }

    init(_ refusal: CourierReply.Refusal) {
        switch refusal {
        case .noSuchProvider(let name, let known):
            self.init(
                "there is no provider '\(Self.shown(name))'", hint: "there are \(known.joined(separator: ", "))",
                ExitStatus.missing)
        case .noSuchEnvironment(let name): self.init("the provider has no environment '\(name)'", ExitStatus.missing)
        case .badProfile(let file, let location, let problem):
            self.init(
                "the profile \(file) is wrong" + (location.isEmpty ? "" : " at \(location)") + ": \(problem)",
                ExitStatus.badConfiguration)
        case .badBaseURL:
            self.init(
                "the base URL that is stored with the credential is refused",
                hint: "it may be the host of another environment in the profile: rekeep providers NAME",
                ExitStatus.badConfiguration)
        case .leadsElsewhere(let provider, let host):
            self.init(
                "the profile of \(provider) would send the key elsewhere than to \(host), where it belongs; nothing was sent",
                hint: "its URLs have to lead to {{base_url}}: rekeep providers \(provider)",
                ExitStatus.badConfiguration)
        case .missingValue(let provider, let field):
            self.init(
                "the profile of \(provider) needs the field \(field), which the credential does not have; nothing was sent",
                hint: "rekeep providers \(provider) shows the fields", ExitStatus.badConfiguration)
        case .unfitValue(let provider, let field):
            self.init(
                "the field \(field) holds a character that cannot be sent where the profile of \(provider) puts it; nothing was sent",
                hint: "copy it again, the whole of it", ExitStatus.badInput)
        case .malformedQuestion:
            self.init("the courier did not understand; are both programs of one version?", ExitStatus.badConfiguration)
        case .cannotChangeKeys(let provider):
            self.init(
                "the profile of \(Self.shown(provider)) does not say how a key is issued or ended by API",
                hint: "do it in the provider's panel", ExitStatus.badConfiguration)
        }
    }
}
