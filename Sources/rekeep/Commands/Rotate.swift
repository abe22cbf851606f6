import ArgumentParser
import Credentials
import Operations

struct Rotate: WaitingKeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Replace a key: stage, prove, promote, deliver.",
        discussion: """
            Everything that can be tried is tried before the old key is touched. Whatever interrupts a \
            rotation, --resume goes on from there.

            EXAMPLE
              rekeep rotate whmcs/live/domainnameapi
              rekeep rotate whmcs/live/domainnameapi --input new.json --yes
              rekeep rotate --resume whmcs/live/domainnameapi
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The address; the provider may be left out where only one fits.")
    var address: String

    @OptionGroup var input: CredentialInput

    @Option(help: "overlap or cutover; else the profile's.")
    var mode: Terms.Mode?

    @Option(help: ArgumentHelp("How long the old key stays accepted on purpose (overlap).", valueName: "TIME"))
    var grace = Span(seconds: 86_400)

    @Option(help: ArgumentHelp("When the provider ends the new key, such as 2027-01-31.", valueName: "DATE"))
    var expires: Timestamp?

    @OptionGroup var control: ControlOption

    @OptionGroup var confirmation: Confirmation

    @Flag(help: "Go on with an unfinished rotation.")
    var resume = false

    @Flag(help: "Take back a rotation that is not promoted yet.")
    var abort = false

    func validate() throws {
        guard !(resume && abort) else { throw ValidationError("--resume and --abort exclude each other.") }
        guard !(resume || abort) || input.input == nil else {
            throw ValidationError("--resume and --abort take no new key.")
        }
    }

    func run(_ keeper: Keeper, _ console: Console) async throws {
        let reference = try AddressReference(address)
        Interruption.explain("rekeep: interrupted; rekeep rotate --resume \(address) goes on, if a new key was given\n")
        if abort {
            try confirmation.require("Put the pending key of \(address) aside? It will not be delivered.", options)
            RotationRendering.showAborted(try await keeper.abortRotation(reference), options, console)
            return
        }
        let proof = ProofOptions(controls: !control.noControl) { pause in
            console.note("The provider refuses the new key; it may not be live yet. Trying again in \(pause).")
        }
        let report =
            resume
            ? try await keeper.resumeRotation(reference, options: proof)
            : try await begin(keeper, reference, proof, console)
        try RotationRendering(report: report).show(options, console)
    }

    private func begin(
        _ keeper: Keeper, _ reference: AddressReference, _ proof: ProofOptions, _ console: Console
    ) async throws -> RotationReport {
        let plan = try await keeper.planRotation(reference, mode: mode, grace: grace)
        try RotationPlanRendering(plan: plan).show(console)
        if plan.mode == .cutover {
            try confirmation.require("Go on? There is no way back once the new key is issued.", options)
        }
        let values = try input.values(plan.credential.terms.secretFields, options)
        return try await keeper.rotate(plan, values: values, expires: expires, options: proof)
    }
}
