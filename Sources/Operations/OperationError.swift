public import Credentials
public import Delivery
public import Providers
public import Vault

/// Why an operation did not happen. Nothing that was stored before is lost by any of these.
public enum OperationError: Error, Equatable, Sendable {
    case vault(VaultError)
    case delivery(DeliveryError)
    case hygiene(Hygiene.Refusal)
    case provider(String, ProviderDescription.Refusal)
    case courier(CourierReply.Refusal)
    /// The courier is not installed.
    case courierMissing
    /// The courier could not be asked at all.
    case courierSilent

    case unknownField(String, known: [String])
    case missingField(Field)
    /// `edit` changes plain values only; a new secret value needs `rotate`.
    case secretFieldInEdit(Field)
    /// The stored key of another environment of the same provider.
    case keyOfOtherEnvironment(holder: Address)
    /// The value was retired and is never used again; by a credential that may be gone by now.
    case retiredKey(holder: Address?)
    /// The new key is one that this credential already has.
    case sameKey(state: String)
    /// The pasted key is one that was current before.
    case previousKey(Address, version: Int)
    /// The provider refused the values, or they are not usable there.
    case refused(Check)
    /// No usable answer: the key is neither proved nor refused.
    case indeterminate(Check)
    /// The endpoint accepted a key that is wrong: what it says proves nothing.
    case acceptsAnything(endpoint: String)
    /// No usable answer for a key that is wrong, so that it is not known what the others mean.
    case controlIndeterminate(Check)
    /// A good key of the wrong account.
    case identityDiffers(expected: String, found: String)
    /// Two living keys show different balances, and the provider names no account.
    case otherAccount(old: [Money], new: [Money])
    /// The host has seen as many wrong keys as its profile allows, until this moment.
    case attemptsSpent(host: String, AttemptBudget, free: Timestamp)
    case expiryBeyondLifetime(Span)
    case expiryPassed(Timestamp)

    case linkAcrossEnvironments(Address, Address)
    case linkAcrossProviders(Address, Address)
    case renameAcrossIssuers(Address, Address)
    case noTargets(Deployment)
    case noTarget(path: String, Deployment)
    case targetExists(path: String, Deployment)
    case noSuchPolicy(Pattern)
    case nothingMatches([Pattern])
    case emptyDeployment(Deployment)

    /// Another process works on what may be worked on by one alone. `process` is its id, where it can be seen.
    case heldByAnother(what: String, process: Int32?)
    case lockUnavailable(path: String, errno: Int32)
    case rotationOpen(Rotation)
    /// Somebody else changed the credential or its rotation since the plan was made.
    case planOutdated(Address)
    case noSuchVersion(Int, Address, kept: [Int])
    case versionRetired(Int, Address)
    case versionIsCurrent(Int, Address)
    case noOpenRotation(Address)
    /// The new key has still to be given.
    case stillPlanned(Address)
    /// Only the plan could be forgotten, and the old key has ended: somebody has issued a new one.
    case plannedAndDead(Address, Check)
    /// The disk failed in the middle; what was done until then is kept.
    case rotationStopped(Address, VaultError)
    /// Past the point at which it could be aborted.
    case cannotAbort(Rotation)
    /// The new version is not current yet, or the old key is not accepted now.
    case cannotRollBack(Rotation, Check?)
    /// Taking the rotation back would erase the only key that may work.
    case wouldLoseKey(Address, Check)
    /// A refusal means nothing while the current key is refused too. `accepted` is a kept version that works.
    case currentNotAccepted(Address, Check, accepted: Int?)
    /// Asked for a new key, the provider answered with the one that there is.
    case issuedOld(panelPath: String)
    /// The old key is refused, but not in the way in which this provider refuses dead keys.
    case oldKeyNotDead(Check)
    case nothingToRetire(Address)
    /// There is no key to ask for another with.
    case nothingToIssueWith(Address)
    /// Another credential has the same value and goes on using it.
    case inUseElsewhere(Address)
    /// The provider said that it issued a key, and gave none.
    case issuedNothing(panelPath: String)
    /// Before a key is asked for: there is no room to keep it.
    case noRoomForKey(VaultError)
    /// The vault could not take an issued key; it is in a file that is sealed to the vault.
    case issuedKeyInFile(path: String, VaultError)
    /// The vault could not take an issued key, nor could a file; whoever asked has been given it.
    case issuedKeyHandedOver(VaultError)
    /// As `issuedKeyHandedOver`, and there was nobody to give it to.
    case issuedKeyLost(VaultError, panelPath: String)
    /// No usable answer: a key may have been issued that nobody knows.
    case issueIndeterminate(Check)
    case notDelivered(Rotation, failed: [String])
    case oldKeyAlive(panelPath: String)
    /// Refused once; the second refusal counts from this moment on.
    case refusedOnce(again: Timestamp)

    /// What was typed or pasted cannot be it; nothing has been done with it.
    public var isAboutInput: Bool {
        switch self {
        case .hygiene, .missingField, .sameKey, .previousKey, .retiredKey, .keyOfOtherEnvironment,
            .expiryBeyondLifetime,
            .expiryPassed:
            true
        default: false
        }
    }

    /// The provider did not accept what was pasted: another one may be the right one.
    public var isRefusal: Bool {
        switch self {
        case .refused, .identityDiffers, .otherAccount: true
        default: false
        }
    }

    /// The disk failed before anything was stored.
    public var isOfStorage: Bool {
        if case .vault(let error) = self { error.isOfStorage && !error.leavesChange } else { false }
    }
}
