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

    @Argument(help: "An address, whose provider may be left out where only one fits; or patterns.")
    var addresses: [String] = []

    @OptionGroup var input: CredentialInput

    @Option(help: "overlap or cutover; else the profile's.")
    var mode: Terms.Mode?

    @Option(
        help: ArgumentHelp(
            "How long the old key stays accepted on purpose (overlap); 0s: not at all.", valueName: "TIME"),
        transform: Span.orZero)
    var grace = Span(seconds: 86_400)

    @OptionGroup var expiry: ExpiryOption

    @OptionGroup var control: ControlOption

    @OptionGroup var confirmation: Confirmation

    @Flag(help: "Only what is due, overdue, expiring, expired or retired.")
    var due = false

    @Flag(help: "Try everything that can be tried beforehand, and stop there.")
    var dryRun = false

    @Flag(help: "Ask the provider for the new key, where its profile says how.")
    var auto = false

    @Flag(help: "Go on with an unfinished rotation, or with all that the patterns fit.")
    var resume = false

    @Flag(help: "Take back a rotation that is not promoted yet.")
    var abort = false

    @Flag(help: "Make the old key current again, if the provider still accepts it.")
    var rollback = false

    @Option(help: ArgumentHelp("Prove a version that is kept, and make it current again.", valueName: "VERSION"))
    var to: Int?

    @Flag(help: "Go on although another credential with the same key stops working.")
    var sharedToo = false

    @Flag(help: "Go on although both keys work and show different balances.")
    var otherAccount = false

    @Flag(help: "Show every open rotation, and what each can do now.")
    var status = false

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard [dryRun, resume, abort, rollback, status, to != nil].count(where: \.self) <= 1 else {
            throw ValidationError("--dry-run, --resume, --abort, --rollback, --to and --status exclude each other.")
        }
        guard !(resume || abort || rollback || status || to != nil) || input.input == nil else {
            throw ValidationError("Only a new rotation takes a new key.")
        }
        guard !auto || input.input == nil else { throw ValidationError("--auto asks the provider, not --input.") }
        guard !auto || !(resume || abort || rollback || status || to != nil) else {
            throw ValidationError("--auto is for a new rotation.")
        }
        guard due || status || resume || !addresses.isEmpty else { throw ValidationError("An address is missing.") }
        guard !(abort || rollback || to != nil) || !isMany else {
            throw ValidationError("--abort, --rollback and --to take one address.")
        }
        guard !(due && resume) else {
            throw ValidationError("--due is for new rotations, --resume for unfinished ones.")
        }
        guard !isMany || expiry.expires == nil else { throw ValidationError("--expires is for one address.") }
    }

    var newKey: RotationPlanNotice.NewKey { auto ? .issued : .pasted }

    private var isMany: Bool {
        due || addresses.count != 1 || addresses.contains(where: Self.isPattern)
    }

    /// What the arguments fit, addresses without a provider completed.
    /// - Throws: for an address that is not there.
    func patterns(_ keeper: Keeper) throws -> [Pattern] {
        try addresses.map { address in
            try Pattern(
                Self.isPattern(address) ? address : keeper.registry.show(AddressReference(address)).0.description)
        }
    }

    private static func isPattern(_ text: String) -> Bool { text.contains { $0 == "*" || $0 == "?" } }

    func run(_ keeper: Keeper, _ console: Console) async throws -> any Rendering {
        let keeper = control.asked(keeper).goingOnUnseen()
        let result = try await work(keeper, console)
        guard result.status == 0 else { return result }
        do {
            try keeper.requireSeen()
            return result
        } catch {
            return UnseenRendering(result: result, complaint: Complaint(error))
        }
    }

    private func work(_ keeper: Keeper, _ console: Console) async throws -> any Rendering {
        if status { return OpenRotationsRendering(rotations: try keeper.rotations.open(try patterns(keeper))) }
        if isMany { return try await ManyRotations(command: self, keeper: keeper, console: console).run() }
        let address = addresses[0]
        let reference = try AddressReference(address)
        if abort {
            let isPlanned = try keeper.rotations.unfinished(keeper.registry.show(reference).0)?.state == .planned
            try confirmation.require(
                isPlanned
                    ? "Forget that a rotation of \(address) was begun?"
                    : "Put the pending key of \(address) aside? It will not be delivered.", options)
            return AbortedRotationRendering(rotation: try await keeper.rotations.abort(reference))
        }
        if dryRun {
            let plan = try await plan(keeper, reference)
            if !options.json { try RotationPlanNotice(plan: plan, newKey: newKey).tell(console) }
            return RotationPlanRendering(plan: plan)
        }
        do {
            return RotationRendering(report: try await report(keeper, reference, console))
        } catch {
            guard let complaint = Complaint(error), let found = try? keeper.registry.show(reference).0 else {
                throw error
            }
            return StoppedRotationRendering(
                address: found, rotation: keeper.rotations.unfinished(found), complaint: complaint)
        }
    }

    private func report(
        _ keeper: Keeper, _ reference: AddressReference, _ console: Console
    ) async throws -> RotationReport {
        if resume {
            Interruption.explain("rekeep rotate --resume \(addresses[0]) goes on")
            return try await resume(keeper, reference, console)
        }
        if rollback {
            let (_, credential) = try keeper.registry.show(reference)
            if credential.terms.mode == .cutover, let newer = credential.current?.number {
                console.warn(
                    "warning: \(credential.terms.label) accepts one key at a time. That it accepts the old one now may not last; the newer one is kept, and rekeep rotate \(addresses[0]) --to \(newer) brings it back."
                )
            }
            try confirmation.require("Make the old key current again and deliver it?", options)
            Interruption.explain(
                "rekeep rotate --status tells how far it came; rekeep deploy writes what is current")
            return try await keeper.rotations.rollBack(reference)
        }
        if let to { return try await comeBack(keeper, reference, to: to, console) }
        return try await rotate(keeper, reference, console) { try input.values($0, options) }
    }

    func resume(
        _ keeper: Keeper, _ reference: AddressReference, _ console: Console
    ) async throws -> RotationReport {
        try await keeper.rotations.resume(reference, options: proof(console))
    }

    /// The pre-flight, its findings, the question, and then the new values.
    func rotate(
        _ keeper: Keeper, _ reference: AddressReference, _ console: Console,
        _ values: ([Field]) throws -> [String: SecretBytes]
    ) async throws -> RotationReport {
        var plan = try await plan(keeper, reference)
        try RotationPlanNotice(plan: plan, newKey: newKey).tell(console)
        if input.input == nil { try plan.requireReachable() }
        // A date that is refused after the key is pasted would be too late.
        try plan.credential.terms.checkExpiry(expiry.expires, at: Clock.system.now)
        if try settleSharers(plan, keeper) {
            // The linked addresses are delivered to as well.
            guard let linked = try keeper.rotations.changedPlan(plan) else {
                throw OperationError.planOutdated(plan.address)
            }
            plan = linked
            try RotationPlanNotice(plan: plan, newKey: newKey).tell(console)
        }
        if plan.mode == .cutover {
            try confirmation.require("Go on? There is no way back once the new key is issued.", options)
            // Before anything is pressed in the panel: addresses and targets can have changed while the question stood.
            while let changed = try keeper.rotations.changedPlan(plan) {
                plan = changed
                try RotationPlanNotice(plan: plan, newKey: newKey).tellChanged(console)
                try confirmation.require("Go on?", options)
            }
        }
        if auto {
            if let begun = plan.begunAt {
                try confirmation.require(
                    "This rotation was begun at \(begun): a key may have been issued whose answer was lost. Have you looked in the panel (\(plan.credential.terms.panelPath)), and ask for another one?",
                    options)
            }
            Interruption.explain("rekeep rotate --resume \(plan.address) goes on, if a new key was issued")
            try await keeper.rotations.stageIssued(plan, expires: expiry.expires, options: proof(console))
            return try await keeper.rotations.finish(plan, options: proof(console))
        }
        guard input.input == nil else {
            let given = try values(plan.credential.terms.secretFields)
            Interruption.explain("the new key was not taken; rekeep rotate \(plan.address) takes it")
            let expires = try expiry.moment(plan.credential.terms, asks: false, keeper, console, options)
            try keeper.rotations.stage(plan, values: given, expires: expires, options: proof(console))
            Interruption.explain("rekeep rotate --resume \(plan.address) goes on")
            return try await keeper.rotations.finish(plan, options: proof(console))
        }
        return try await GuidedPaste(
            keeper: keeper, console: console, options: options, input: input, expiry: expiry, proof: proof(console)
        ).rotate(plan)
    }

    /// A version that is kept is proved and made current, by the same journal.
    private func comeBack(
        _ keeper: Keeper, _ reference: AddressReference, to number: Int, _ console: Console
    ) async throws -> RotationReport {
        _ = try keeper.registry.version(number, at: reference)
        let plan = try await keeper.rotations.plan(reference, mode: mode, grace: grace, issuing: false, isReturn: true)
        try RotationPlanNotice(plan: plan, newKey: .kept).tell(console)
        try confirmation.require("Prove version \(number) and make it current again?", options)
        Interruption.explain("rekeep rotate --resume \(plan.address) goes on")
        try keeper.rotations.stageReturn(plan, to: number)
        do throws(OperationError) {
            return try await keeper.rotations.finish(plan, options: proof(console))
        } catch {
            if error.isRefusal { try keeper.rotations.giveUpReturn(plan) }
            throw error
        }
    }

    /// Who else has the key that is about to end is linked, or lost with open eyes.
    /// - Returns: true when something was linked.
    private func settleSharers(_ plan: RotationPlan, _ keeper: Keeper) throws -> Bool {
        guard plan.mode == .cutover, !plan.sharers.isEmpty, !sharedToo else { return false }
        let names = plan.sharers.flatMap(\.addresses).map(\.description)
        guard !confirmation.yes, !options.noInput, let prompt = Prompt() else { throw CommandError.sharedKey(names) }
        var isLinked = false
        for other in plan.sharers {
            let name = other.addresses.map(\.description).joined(separator: ", ")
            if keeper.registry.canAbsorb(other, into: plan.credential),
                prompt.confirm("Link \(name) to \(plan.address), so that it gets the new key too?")
            {
                try keeper.registry.absorb(other.id, into: plan.address)
                isLinked = true
            } else {
                guard prompt.confirm("\(name) will stop working. Go on all the same?") else {
                    throw CommandError.declined
                }
            }
        }
        return isLinked
    }

    func plan(_ keeper: Keeper, _ reference: AddressReference) async throws -> RotationPlan {
        try await keeper.rotations.plan(reference, mode: mode, grace: grace, issuing: auto)
    }

    private func proof(_ console: Console) -> ProofOptions {
        control.proof(console, options, isOtherAccount: otherAccount)
    }
}
