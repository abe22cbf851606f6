public import Credentials
public import Delivery
internal import Sealing
internal import Vault

/// Whether one target still holds the current values.
public struct DriftReport: Sendable {
    /// What a target was found to hold.
    public enum State: String, Sendable {
        /// The current values, and all else as it is declared.
        case current
        /// An older version of ours, in the file or in the one that a process still sees in its place.
        case stale
        /// No file, or a variable is not in it.
        case missing
        /// The file, or what it should hold, cannot be read.
        case unreadable
        /// A secret that its credential never had, another plain value, or what readers of the file disagree on; also
        /// any file of a deployment that has no credential any more, and one with other attributes than it should have.
        case foreign
    }

    /// The deployment that the target belongs to.
    public let deployment: Deployment
    /// The target's file, an absolute path.
    public let path: String
    /// The worst that was found of its variables.
    public let state: State
    /// The highest version in the target when it is `current`, the lowest old one when it is `stale`; else nil.
    public let version: Int?
    /// The variables that are not as they should be.
    public let variables: [String]
    /// In what the file is not as it should be.
    public let differences: [TargetDifference]
    /// The values are there, but the application was not told to read them.
    public let isHookDue: Bool
    /// Why the target could not be compared, or whose reading differs; nil elsewhere.
    public let problem: DeliveryError?
    /// When the target was looked at.
    public let seenAt: Timestamp

    /// What is recorded of the target; nil where nothing is wrong.
    var recorded: DeliveryProblem? {
        switch state {
        case .current: nil
        case .stale: differences.contains(.content) ? .stale : .mountedOld
        case .missing: .missing
        case .unreadable: .unreadable
        case .foreign: differences.contains(.content) ? .foreign : .attributes
        }
    }
}

extension Deliverer {
    /// Reads every target of the deployments, all that have any when none is named, and compares.
    public func drift(_ deployments: [Deployment]) throws(OperationError) -> [DriftReport] {
        var reports: [DriftReport] = []
        for record in try deploymentsWithTargets(deployments) {
            for target in record.targets { reports.append(try drift(of: target, in: record)) }
        }
        let found = reports
        try store.write { transaction throws(VaultError) in
            for report in found {
                var record = try transaction.deploymentRecord(report.deployment)
                guard let index = record.targets.firstIndex(where: { $0.path == report.path }) else { continue }
                let problem = report.recorded
                let before = record.targets[index].delivery.problem
                guard before != problem, report.state != .current || before?.isDrift == true else {
                    continue
                }
                record.targets[index].delivery.problem = problem
                try transaction.put(record)
            }
            try transaction.log(
                store.entry(
                    .drift, deployments.map(\.description).joined(separator: " "),
                    .part(found.count { $0.state == .current }, of: found.count)))
        }
        return reports
    }

    private func drift(of target: Target, in record: DeploymentRecord) throws(OperationError) -> DriftReport {
        func report(
            _ state: DriftReport.State, _ variables: [String] = [], version: Int? = nil, problem: DeliveryError? = nil,
            differences: [TargetDifference] = [.content]
        ) -> DriftReport {
            DriftReport(
                deployment: record.deployment, path: target.path, state: state, version: version,
                variables: variables, differences: differences, isHookDue: target.delivery.isHookDue, problem: problem,
                seenAt: store.now())
        }
        let contents: Contents
        do throws(OperationError) {
            contents = try self.contents(of: record.deployment, preset: try preset(target))
        } catch .vault(.retiredSecret(let address)) {
            // There is nothing that it should hold.
            return report(.unreadable, problem: .retiredKey(address))
        }
        let found: TargetWriter.Holding?
        let oldMount: DeliveryError?
        do throws(OperationError) {
            let writer = try recovered(target, of: record.deployment)
            do throws(DeliveryError) {
                found = try writer.held(contents.variables.map(\.name), since: target.delivery.attributes)
                oldMount = try writer.oldMount()
            } catch {
                throw .delivery(error)
            }
        } catch .delivery(let error) {
            return report(.unreadable, problem: error)
        }
        guard let found else { return report(.missing, contents.variables.map(\.name)) }
        let held = found.values
        // Without a credential the file can only hold what is not current any more.
        if contents.variables.isEmpty { return report(.foreign) }
        let wrong = contents.variables.filter { held[$0.name] != .value($0.value) }
        let names = wrong.map(\.name)
        let abandoned = try abandoned(target, record.deployment, contents.variables)
        guard !wrong.isEmpty else {
            let version = contents.versions.values.max()
            if !abandoned.isEmpty { return report(.stale, abandoned) }
            if let old = oldMount { return report(.stale, problem: old, differences: [.mount]) }
            return report(
                found.differences.isEmpty ? .current : .foreign, version: version, differences: found.differences)
        }
        for variable in wrong {
            switch held[variable.name] {
            case .unreadable(let line, let reader, let trouble)?:
                return report(
                    .unreadable, problem: .unreadableLine(path: target.path, line: line, reader: reader, trouble))
            case .misread(let reader)?:
                return report(
                    .foreign, names,
                    problem: .misread(path: target.path, variable: variable.name, reader: reader))
            case .value, .otherSpelling, .absent, nil: break
            }
        }
        if wrong.contains(where: { held[$0.name] == .absent }) { return report(.missing, names) }
        var versions: Set<Int> = []
        for variable in wrong {
            guard case .value(let value)? = held[variable.name], variable.isSecret,
                let version = try version(holding: value, at: variable.address)
            else { return report(.foreign, names) }
            versions.insert(version)
        }
        return report(.stale, names, version: versions.min())
    }

    /// The version of the credential at `address` that ever had this secret, the retired ones included.
    private func version(holding value: SecretBytes, at address: Address) throws(OperationError) -> Int? {
        try store.read { snapshot throws(VaultError) in
            let fingerprint = snapshot.fingerprint(of: value)
            return try snapshot.credential(at: address).versions
                .last { $0.fingerprints.values.contains(fingerprint) }?.number
        }
    }
}
