import Credentials
import Operations
import Providers
import Sealing

/// A rotation as somebody does it at a terminal: what is pasted is looked at, and asked for again until it is a key that
/// works.
struct GuidedPaste {
    let keeper: Keeper
    let console: Console
    let options: GlobalOptions
    let input: CredentialInput
    let expiry: ExpiryOption
    let proof: ProofOptions

    func rotate(_ first: RotationPlan) async throws -> RotationReport {
        var plan = first
        let terms = plan.credential.terms
        let prompt = try input.prompt(terms.secretFields, options)
        try keeper.rotations.begin(plan)
        while true {
            Interruption.explain("when there is a new key, rekeep rotate \(plan.address) takes it")
            let expires = try expiry.moment(terms, asks: true, keeper, console, options)
            let given = try input.values(terms.secretFields, options)
            Interruption.explain("the pasted key was not kept; rekeep rotate \(plan.address) takes it")
            do {
                try stage(plan, given, expires, prompt)
                Interruption.explain("rekeep rotate --resume \(plan.address) goes on")
                try showChanges(plan, prompt)
                return try await keeper.rotations.finish(plan, options: proof)
            } catch let error as OperationError {
                // A slip of the hand while the old key may be dead already: the next one counts.
                guard error.isAboutInput || error.isRefusal else { throw error }
                console.complain(Complaint(error))
                prompt.forget()
                if error.isRefusal { plan = try keeper.rotations.putAsideRefused(plan) }
                // One more can lock everybody out who asks from here; but the old key may be dead, and the next one right.
                if let spent = try keeper.prober.spentAttempts(terms) {
                    console.warn("warning: " + Complaint(spent).text)
                }
            }
        }
    }

    /// Takes a paste, in parts where labels name them; one that the disk does not take is not thrown away.
    private func stage(
        _ plan: RotationPlan, _ given: [String: SecretBytes], _ expires: Timestamp?, _ prompt: Prompt
    ) throws {
        var given = given
        while true {
            do {
                return try keeper.rotations.stage(plan, values: given, expires: expires, options: proof)
            } catch {
                if let field = Self.field(of: error), let parts = parts(given, field, plan) {
                    console.complain(Complaint(error))
                    guard prompt.confirm("Take the \(field.label) out of it?") else { throw error }
                    given = parts
                    continue
                }
                guard case .vault(let cause) = error, error.isOfStorage else { throw error }
                console.complain(
                    Complaint("\(Complaint.cause(cause)), so the pasted key is not kept yet", ExitStatus.failed))
                guard prompt.text("The pasted key is still here. Free some space, then press Return: ") != nil else {
                    throw CommandError.pasteNotKept(cause, plan.address)
                }
            }
        }
    }

    /// The field whose value stands among other things.
    private static func field(of error: OperationError) -> Field? {
        switch error {
        case .hygiene(.labelled(let field, _)), .hygiene(.isDoubled(let field)), .hygiene(.isCommand(let field)): field
        default: nil
        }
    }

    /// The values of a labelled paste. A plain value in it has to be the credential's own.
    private func parts(
        _ given: [String: SecretBytes], _ field: Field, _ plan: RotationPlan
    ) -> [String: SecretBytes]? {
        guard let pasted = given[field.name],
            let found = Recognition.takenApart(
                pasted, of: field, fields: plan.credential.terms.fields,
                known: plan.credential.current?.plain ?? [:]), found[field.name] != nil
        else { return nil }
        return given.merging(found) { $1 }
    }

    /// Addresses and targets can have changed while the question stood. The key is durable by now, whatever is answered.
    private func showChanges(_ plan: RotationPlan, _ prompt: Prompt) throws {
        guard let changed = try keeper.rotations.changedPlan(plan) else { return }
        do {
            try RotationPlanNotice(plan: changed, newKey: .kept).tellChanged(console)
        } catch {
            // What could not be written is tried all the same: the key is here, and the old one may be dead.
            console.complain(Complaint(error) ?? Complaint("\(error)", ExitStatus.failed))
        }
        guard prompt.confirm("Go on with it?") else {
            throw CommandError.stopped(changed.address)
        }
    }
}
