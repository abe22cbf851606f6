import ArgumentParser
import Credentials
import Operations
import Sealing

struct Rotate: WaitingKeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Replace a key: stage, prove, promote, deliver.",
        discussion: """
            Everything that can be tried is tried before the old key is touched. Whatever interrupts a \
            rotation, --resume goes on from there. With a pattern or --due it walks through all that fits, one \
            credential after another; --input then takes an object of addresses to fields.

            EXAMPLE
              rekeep rotate whmcs/live/domainnameapi
              rekeep rotate whmcs/live/domainnameapi --input new.json --yes
              rekeep rotate --resume whmcs/live/domainnameapi
              rekeep rotate --due '*/live/*'
              rekeep rotate dns/live/cloudflare --auto
              rekeep rotate --status
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "An address, whose provider may be left out where only one fits; or patterns.")
    var addresses: [String] = []

    @OptionGroup var input: CredentialInput

    @Option(help: "overlap or cutover; else the profile's.")
    var mode: Terms.Mode?

    @Option(help: ArgumentHelp("How long the old key stays accepted on purpose (overlap).", valueName: "TIME"))
    var grace = Span(seconds: 86_400)

    @OptionGroup var expiry: ExpiryOption

    @OptionGroup var control: ControlOption

    @OptionGroup var confirmation: Confirmation

    @Flag(help: "Only what is due, overdue, expiring or expired.")
    var due = false

    @Flag(help: "Try everything that can be tried beforehand, and stop there.")
    var dryRun = false

    @Flag(help: "Ask the provider for the new key, where its profile says how.")
    var auto = false

    @Flag(help: "Go on with an unfinished rotation.")
    var resume = false

    @Flag(help: "Take back a rotation that is not promoted yet.")
    var abort = false

    @Flag(help: "Make the old key current again, if the provider still accepts it.")
    var rollback = false

    @Flag(help: "Show every open rotation, and what each can do now.")
    var status = false

    func validate() throws {
        guard [dryRun, resume, abort, rollback, status].count(where: \.self) <= 1 else {
            throw ValidationError("--dry-run, --resume, --abort, --rollback and --status exclude each other.")
        }
        guard !(resume || abort || rollback || status) || input.input == nil else {
            throw ValidationError("Only a new rotation takes a new key.")
        }
        guard !auto || input.input == nil else { throw ValidationError("--auto asks the provider, not --input.") }
        guard !auto || !(resume || abort || rollback || status) else {
            throw ValidationError("--auto is for a new rotation.")
        }
        guard due || status || !addresses.isEmpty else { throw ValidationError("An address is missing.") }
        guard !(resume || abort || rollback) || !isMany else {
            throw ValidationError("--resume, --abort and --rollback take one address.")
        }
        guard !isMany || expiry.expires == nil else { throw ValidationError("--expires is for one address.") }
    }

    private var isMany: Bool {
        due || addresses.count > 1 || addresses.contains { $0.contains("*") || $0.contains("?") }
    }

    func run(_ keeper: Keeper, _ console: Console) async throws {
        if status {
            OpenRotationsRendering(rotations: try keeper.openRotations(try addresses.map { try Pattern($0) }))
                .show(options, console)
            return
        }
        if isMany {
            try await ManyRotations(command: self, keeper: keeper, console: console).run()
            return
        }
        let address = addresses[0]
        let reference = try AddressReference(address)
        Interruption.explain("rekeep: interrupted; rekeep rotate --resume \(address) goes on, if a new key was given\n")
        if abort {
            try confirmation.require("Put the pending key of \(address) aside? It will not be delivered.", options)
            RotationRendering.showAborted(try await keeper.abortRotation(reference), options, console)
            return
        }
        if dryRun {
            try RotationPlanRendering(plan: try await plan(keeper, reference)).showAlone(options, console)
            return
        }
        try RotationRendering(report: try await report(keeper, reference, console)).show(options, console)
    }

    private func report(
        _ keeper: Keeper, _ reference: AddressReference, _ console: Console
    ) async throws -> RotationReport {
        if resume { return try await keeper.resumeRotation(reference, options: proof(console)) }
        if rollback {
            try confirmation.require("Make the old key current again and deliver it?", options)
            return try await keeper.rollBackRotation(reference)
        }
        return try await rotate(keeper, reference, console) { try input.values($0, options) }
    }

    /// The pre-flight, its findings, the question, and then the new values.
    func rotate(
        _ keeper: Keeper, _ reference: AddressReference, _ console: Console,
        _ values: ([Field]) throws -> [String: SecretBytes]
    ) async throws -> RotationReport {
        let plan = try await plan(keeper, reference)
        try RotationPlanRendering(plan: plan).show(console)
        if let check = plan.oldKey, check.outcome.isIndeterminate, input.input == nil {
            // Whoever has no new key yet should not make one while it could not be proved.
            throw OperationError.indeterminate(check)
        }
        if plan.mode == .cutover {
            try confirmation.require("Go on? There is no way back once the new key is issued.", options)
        }
        if auto { return try await keeper.rotateIssuing(plan, expires: expiry.expires, options: proof(console)) }
        // Before the key: what is pasted must not be lost to a wrong date.
        let terms = plan.credential.terms
        let expires = try expiry.moment(terms, asks: input.input == nil, options)
        try keeper.checkExpiry(expires, terms)
        return try await keeper.rotate(
            plan, values: try values(terms.secretFields), expires: expires, options: proof(console))
    }

    func plan(_ keeper: Keeper, _ reference: AddressReference) async throws -> RotationPlan {
        try await keeper.planRotation(reference, mode: mode, grace: grace)
    }

    private func proof(_ console: Console) -> ProofOptions {
        ProofOptions(controls: !control.noControl) { pause in
            console.note("The provider refuses the new key; it may not be live yet. Trying again in \(pause).")
        } holding: {
            Interruption.hold($0)
        }
    }
}
