import Credentials
import Operations
import Vault

extension Complaint {
    init(_ error: OperationError) {
        switch error {
        case .vault(let error): self.init(error)
        case .delivery(let error): self.init(error)
        case .hygiene(let refusal): self.init(refusal)
        case .provider(let name, let refusal): self.init(refusal, of: name)
        case .courier(let refusal): self.init(refusal)
        case .courierMissing:
            self.init(
                "rekeep-courier is not there", hint: "it belongs beside rekeep, or in ../libexec/rekeep/",
                ExitStatus.badConfiguration)
        case .courierSilent: self.init("the courier gave no answer", hint: "try again", ExitStatus.indeterminate)
        case .unknownField(let name, let known):
            self.init(
                GivenName.field(name).map { "there is no field '\($0)' here" }
                    ?? "a field whose name is not shown, because it could be a key, is none of the fields here",
                hint: "the fields are \(known.joined(separator: ", "))",
                ExitStatus.badInput)
        case .missingField(let field):
            self.init(
                "the \(field.label) is missing", hint: "its name in --input is \(field.name)", ExitStatus.badInput)
        case .secretFieldInEdit(let field):
            self.init(
                "the \(field.label) is secret, and edit does not change it", hint: "use rotate", ExitStatus.badInput)
        case .keyOfOtherEnvironment(let holder):
            self.init(
                "this is the key of \(holder): the provider's \(holder.deployment.environment) environment",
                hint: "the two keys stand side by side in the panel; copy the other one", ExitStatus.badInput)
        case .retiredKey(let holder):
            self.init(
                "this key was retired\(holder.map { " at \($0)" } ?? "") and is never used again",
                hint: "issue a new one in the provider's panel",
                ExitStatus.badInput)
        case .sameKey(let state):
            self.init(
                "this is not a new key: the credential has it already, as its \(state) version",
                hint: "issue a new one in the provider's panel", ExitStatus.badInput)
        case .previousKey(let address, let version):
            self.init(
                "this is not a new key: it is version \(version), which was replaced",
                hint: "rekeep rotate \(address) --to \(version) makes it current again", ExitStatus.badInput)
        case .otherAccount(let old, let new):
            self.init(
                "both keys work, and show different balances: \(CheckRendering.text(old)) and \(CheckRendering.text(new)). The provider names no account, so they may be of two",
                hint: "look it up in the provider's panel; --other-account goes on if that is right",
                ExitStatus.badInput)
        case .attemptsSpent(let host, let budget, let free):
            self.init(
                "\(host) is asked with at most \(budget.most) wrong keys in \(budget.per), because more can lock you out; that many were tried",
                hint: "try again after \(free)", ExitStatus.indeterminate)
        case .planOutdated(let address):
            self.init(
                "somebody else has changed \(address) or its rotation in the meantime; nothing was changed",
                hint: "rekeep rotate --status, then begin again", ExitStatus.busy)
        case .noSuchVersion(let number, let address, let kept):
            let names = kept.map { "\($0)" }.joined(separator: ", ")
            self.init(
                "\(address) has no version \(number)",
                hint: kept.isEmpty ? "no other version is kept" : "there are \(names)", ExitStatus.missing)
        case .versionRetired(let number, let address):
            self.init(
                "version \(number) of \(address) was found dead and erased", hint: "rekeep show \(address)",
                ExitStatus.missing)
        case .versionIsCurrent(let number, let address):
            self.init("version \(number) of \(address) is current", hint: "rekeep deploy writes it", ExitStatus.usage)
        case .noRoomForKey(let error):
            self.init(
                "a new key could not be kept (\(Self.cause(error))), so none was asked for",
                hint: error == .diskFull ? "free some space" : nil, ExitStatus.cannotWrite)
        case .issuedKeyInFile(let path, let error):
            self.init(
                "the provider issued a new key, and the vault could not take it (\(Self.cause(error))). It is in \(path), sealed to the vault",
                hint: "free some space; the next rekeep command takes it in", ExitStatus.failed)
        case .issuedKeyHandedOver(let error):
            self.init(
                "the provider issued a new key, and neither the vault (\(Self.cause(error))) nor a file could take it. You were given it",
                hint: "free some space, then rekeep rotate takes it with --input", ExitStatus.failed)
        case .issuedKeyLost(let error, let panelPath):
            self.init(
                "the provider issued a new key, and neither the vault (\(Self.cause(error))) nor a file could take it, and there was nobody to give it to: it is lost, and the old key may have ended",
                hint: "free some space, then issue another one: \(panelPath)", ExitStatus.failed)
        case .refused(let check): self.init(refused: check)
        case .indeterminate(let check):
            self.init(
                "the key could not be proved: \(CheckSentence.text(check))",
                hint: "that says nothing about the key; try again later", ExitStatus.indeterminate)
        case .acceptsAnything(let endpoint):
            self.init(
                "can't validate: \(endpoint) accepts a key that is wrong, so that it accepts this one means nothing",
                hint: "is that the right place? --no-control goes on without this proof", ExitStatus.indeterminate)
        case .controlIndeterminate(let check):
            self.init(
                "can't validate: whether a wrong key is refused could not be told, \(CheckSentence.text(check))",
                hint: "try again; --no-control goes on without this proof", ExitStatus.indeterminate)
        case .identityDiffers(let expected, let found):
            self.init(
                found.isEmpty
                    ? "the answer names no account, but \(expected) is on record"
                    : "the key works, but for another account: \(Self.printable(found, limit: 40)) instead of \(expected)",
                hint: "check that you copied it from the right account", ExitStatus.notWell)
        case .expiryBeyondLifetime(let lifetime):
            self.init(
                "the provider gives no key more than \(lifetime)", hint: "look up the date in its panel",
                ExitStatus.badInput)
        case .expiryPassed(let time): self.init("\(time.date) has passed", ExitStatus.badInput)
        case .linkAcrossEnvironments(let one, let other):
            self.init("\(one) and \(other) are different environments and never share a key", ExitStatus.badInput)
        case .linkAcrossProviders(let one, let other):
            self.init("\(one) and \(other) have different providers", ExitStatus.badInput)
        case .renameAcrossIssuers(let old, let new):
            self.init(
                "\(old) can't become \(new): provider and environment belong to the key",
                hint: "remove it and add the other", ExitStatus.badInput)
        case .noTargets(let deployment):
            self.init(
                "\(deployment) has no target", hint: "rekeep target add \(deployment) --path FILE", ExitStatus.missing)
        case .noTarget(let path, let deployment):
            self.init(
                "\(deployment) has no target \(path)", hint: "rekeep target list \(deployment)", ExitStatus.missing)
        case .targetExists(let path, let deployment):
            self.init("\(deployment) has the target \(path) already", ExitStatus.badInput)
        case .noSuchPolicy(let pattern):
            self.init(
                "there is no policy for \(GivenName.patterns([pattern]) ?? "that pattern")", hint: "rekeep policy list",
                ExitStatus.missing)
        case .nothingMatches(let patterns):
            self.init(
                patterns.isEmpty
                    ? "the vault is empty" : "nothing fits \(GivenName.patterns(patterns) ?? "these patterns")",
                hint: patterns.isEmpty ? "rekeep add ADDRESS" : "rekeep list", ExitStatus.missing)
        case .emptyDeployment(let deployment):
            self.init("\(deployment) has no credential", hint: "rekeep list", ExitStatus.missing)
        case .heldByAnother(let what, let process):
            self.init(
                "\(what) is under way" + (process.map { " in process \($0)" } ?? ""),
                hint: "try again when it has ended",
                ExitStatus.busy)
        case .lockUnavailable(let path, let code):
            self.init(
                "the lock \(path) can't be taken: \(Self.system(code)); nothing was changed", ExitStatus.cannotWrite)
        case .rotationOpen(let rotation):
            self.init(
                "a rotation of this credential is unfinished: \(rotation.state.name)",
                hint: Self.nextStep(rotation), ExitStatus.failed)
        case .noOpenRotation(let address): self.init("no rotation of \(address) is unfinished", ExitStatus.missing)
        case .stillPlanned(let address):
            self.init(
                "the rotation of \(address) waits for its new key", hint: "rekeep rotate \(address)",
                ExitStatus.missing)
        case .plannedAndDead(let address, let check):
            self.init(
                "the old key is not accepted any more (\(CheckSentence.text(check))), so a new one seems to have been issued",
                hint: "rekeep rotate \(address) takes it", ExitStatus.failed)
        case .rotationStopped(let address, let error):
            self.init(
                "\(Self.cause(error)), so the rotation stopped; the new key, and what was done until then, is kept",
                hint: "rekeep rotate --resume \(address)", Complaint(error).status)
        case .cannotAbort(let rotation):
            self.init(
                "the rotation is \(rotation.state.name): the new key is current and can't be aborted",
                hint: Self.nextStep(rotation), ExitStatus.failed)
        case .cannotRollBack(let rotation, nil):
            self.init(
                "the rotation is \(rotation.state.name): the old key was never replaced, so there is nothing to roll back",
                hint: Self.nextStep(rotation), ExitStatus.failed)
        case .cannotRollBack(let rotation, .some(let check)):
            self.init(
                "the old key can't come back: \(CheckSentence.text(check))",
                hint: "the new key stays current; \(Self.nextStep(rotation))",
                check.outcome.isIndeterminate ? ExitStatus.indeterminate : ExitStatus.failed)
        case .wouldLoseKey(let address, let check):
            self.init(
                "the old key is not accepted any more, and the new one is not refused (\(CheckSentence.text(check))); taking it back would lose the only key",
                hint: "rekeep rotate --resume \(address)", ExitStatus.failed)
        case .currentNotAccepted(let address, let check, let accepted):
            self.init(
                accepted.map {
                    "the provider does not accept the current key (\(CheckSentence.text(check))), and accepts version \($0)"
                }
                    ?? "the provider does not accept the current key (\(CheckSentence.text(check))), so a refusal of the old one proves nothing",
                hint: accepted.map { "rekeep rotate \(address) --to \($0) makes it current again" }
                    ?? "rekeep check \(address), then try again",
                accepted == nil ? ExitStatus.indeterminate : ExitStatus.notWell)
        case .nothingToIssueWith(let address):
            self.init("\(address) has no key that another could be asked for with", ExitStatus.missing)
        case .inUseElsewhere(let address):
            self.init(
                "\(address) uses the same key, so it is not ended",
                hint: "rotate \(address) first, or remove it and link the two", ExitStatus.failed)
        case .issuedNothing(let panelPath):
            self.init(
                "the provider answered that it issued a key, and gave none that could be read",
                hint: "look for it in the provider's panel: \(panelPath); the old key may have ended",
                ExitStatus.indeterminate)
        case .issuedOld(let panelPath):
            self.init(
                "asked for a new key, the provider answered with the one that is in use; nothing was changed",
                hint: "issue one in the provider's panel: \(panelPath)", ExitStatus.notWell)
        case .issueIndeterminate(let check):
            self.init(
                "it can't be told whether the provider issued a key: \(CheckSentence.text(check))",
                hint: "look for one in the provider's panel before trying again; the old key may have ended",
                ExitStatus.indeterminate)
        case .oldKeyNotDead(let check):
            self.init(
                "it can't be told whether the old key is dead, so it is not erased: \(CheckSentence.text(check))",
                hint:
                    "look it up in the provider's panel; if this provider answers so to a key that has ended, its profile can say that with dead_when",
                ExitStatus.notWell)
        case .nothingToRetire(let address):
            self.init("\(address) has no previous key to retire", ExitStatus.missing)
        case .notDelivered(let rotation, let failed):
            self.init(
                "the old key is still needed: the new one has not reached every target"
                    + (failed.isEmpty ? "" : " (\(failed.joined(separator: ", ")))"),
                hint: rotation.state == .promoted || rotation.state == .delivering
                    ? "rekeep rotate --resume \(rotation.address)" : "rekeep deploy",
                ExitStatus.notWell)
        case .oldKeyAlive(let panelPath):
            self.init(
                "the provider still accepts the old key, so it is not erased",
                hint: "revoke it in the provider's panel: \(panelPath)", ExitStatus.notWell)
        case .refusedOnce(let again):
            self.init(
                "the provider refused the old key once; a second refusal, a minute later, is needed to erase it",
                hint: "run this again after \(again)", ExitStatus.notWell)
        }
    }

    /// What failed, without what became of the change: that is said of the key.
    static func cause(_ error: VaultError) -> String { String(Complaint(error).text.prefix { $0 != ";" }) }

    static func printable(_ text: String, limit: Int) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(limit)))
    }

    static func nextStep(_ rotation: Rotation) -> String {
        switch rotation.state {
        case .planned: "rekeep rotate \(rotation.address)"
        case .staged, .proved:
            "rekeep rotate --resume \(rotation.address), or --abort to take it back"
        case .promoted, .delivering: "rekeep rotate --resume \(rotation.address)"
        case .grace, .retiring: "rekeep retire \(rotation.address)"
        case .done, .aborted, .rolledBack: "rekeep rotate \(rotation.address)"
        }
    }

    init(refused check: Check) {
        let hint: String
        switch check.outcome {
        case .badCredentials:
            hint =
                "check the key and the account: a key of another account, of the other environment, or one that was replaced is refused like this"
        case .expired: hint = "issue a new one in the provider's panel"
        case .ipNotAllowed: hint = "add this machine's address to the allow-list in the provider's panel"
        case .forbidden: hint = "give the key the right to read the account's balance"
        case .wrongEnvironment: hint = "copy the key of the right environment"
        case .rateLimited, .providerDown, .ok, .unknown, .unreachable: hint = "try again later"
        }
        self.init("the key is not usable: \(CheckSentence.text(check))", hint: hint, ExitStatus.notWell)
    }
}
