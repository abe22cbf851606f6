internal import Credentials
internal import Delivery
internal import Dispatch
internal import Vault

extension Deliverer {
    /// Each target that is being written takes some open files and a thread.
    private static let mostAtOnce = 32

    /// Delivers to every target of the deployments, targets side by side; one that fails does not stop the others. A hook
    /// runs once, after the last of the targets that name it, whatever their deployments.
    func deliver(to deployments: [Deployment]) async -> [TargetReport] {
        var reports: [TargetReport] = []
        // Two targets of one file come one after the other. All processes lock files in one order, so that none waits
        // for one that waits for it.
        var rounds: [[(file: String, index: Int, target: Target)]] = []
        for deployment in deployments {
            let record: DeploymentRecord?
            do {
                record = try store.read { snapshot throws(VaultError) in try snapshot.deployment(deployment) }
            } catch {
                reports.append(TargetReport(deployment: deployment, path: "", problem: Self.asDelivery(error)))
                continue
            }
            for target in record?.targets ?? [] {
                let file = TargetWriter.canonical(target.path)
                let round = rounds.firstIndex { !$0.contains { $0.file == file } } ?? rounds.count
                if round == rounds.count { rounds.append([]) }
                rounds[round].append((file, reports.count, target))
                reports.append(TargetReport(deployment: deployment, path: target.path))
            }
        }
        var groups: [[(index: Int, target: Target)]] = []
        for round in rounds {
            let sorted = round.sorted { $0.file < $1.file }.map { ($0.index, $0.target) }
            for start in stride(from: 0, to: sorted.count, by: Self.mostAtOnce) {
                groups.append(Array(sorted[start...].prefix(Self.mostAtOnce)))
            }
        }
        await deliver(groups, &reports)
        return reports
    }

    /// A target that is locked and looked at, and about to be written.
    private struct PreparedTarget: Sendable {
        let lock: VaultLock
        let target: Target
        let writer: TargetWriter
        let contents: Contents
        let abandoned: [String]
        let needsHook: Bool

        func write() throws(DeliveryError) -> Written {
            let wasTouched = try writer.write(contents.variables, removing: abandoned)
            do throws(DeliveryError) {
                let attributes = try writer.readBack(contents.variables)
                return Written(wasTouched: wasTouched, attributes: attributes, readBackProblem: nil)
            } catch {
                return Written(wasTouched: wasTouched, attributes: nil, readBackProblem: error)
            }
        }
    }

    private struct Written: Sendable {
        let wasTouched: Bool
        let attributes: DeliveredAttributes?
        let readBackProblem: DeliveryError?
    }

    /// What happens beside the vault.
    private enum Event: Sendable {
        case written(index: Int, Result<Written, DeliveryError>)
        case hookEnded(indices: [Int], DeliveryError?)
    }

    /// One group after the other. Only this function touches the vault; files and hooks take their time beside it.
    private func deliver(_ groups: [[(index: Int, target: Target)]], _ reports: inout [TargetReport]) async {
        var hooks = HookQueue(groups.joined().map { ($0.index, $0.target.hook) })
        var waiting = groups[...]
        await withTaskGroup(of: Event.self) { tasks in
            var underWay: [Int: PreparedTarget] = [:]
            func settle(_ index: Int, needsHook: Bool) {
                if needsHook { reports[index].isHookRun = false }
                guard let (hook, indices) = hooks.settle(index, isDue: needsHook) else { return }
                let occasion = Hook.Occasion(
                    deployments: Set(indices.map { reports[$0].deployment }).sorted(),
                    paths: indices.map { reports[$0].path })
                tasks.addTask { .hookEnded(indices: indices, await Self.run(hook, after: occasion)) }
            }
            while true {
                if underWay.isEmpty, let group = waiting.popFirst() {
                    for (index, target) in group {
                        do {
                            let prepared = try prepare(target, &reports[index])
                            underWay[index] = prepared
                            tasks.addTask {
                                .written(
                                    index: index,
                                    await Self.onOwnThread { () throws(DeliveryError) in try prepared.write() })
                            }
                        } catch {
                            fail(error, &reports[index])
                            settle(index, needsHook: false)
                        }
                    }
                    continue
                }
                guard let event = await tasks.next() else { break }
                switch event {
                case .written(let index, let result):
                    let needsHook = underWay.removeValue(forKey: index).map { prepared in
                        finish(prepared, result, &reports[index])
                    }
                    settle(index, needsHook: needsHook ?? false)
                case .hookEnded(let indices, let problem):
                    for index in indices { noteHook(problem, &reports[index]) }
                }
            }
        }
    }

    /// Files may lie where a write takes long: as many threads as there are files wait for them.
    private static func onOwnThread(
        _ body: @escaping @Sendable () throws(DeliveryError) -> Written
    ) async -> Result<Written, DeliveryError> {
        await withCheckedContinuation { continuation in
            // A queue of its own has a thread of its own at once; the shared ones have one for each core.
            DispatchQueue(label: "target").async { continuation.resume(returning: Result(catching: body)) }
        }
    }

    private static func run(_ hook: [String], after occasion: Hook.Occasion) async -> DeliveryError? {
        do throws(DeliveryError) {
            try await Hook.run(hook, after: occasion)
            return nil
        } catch {
            return error
        }
    }

    /// Locks a target and reads it and its values: what another process made current or left undone meanwhile is what
    /// counts.
    private func prepare(_ found: Target, _ report: inout TargetReport) throws -> PreparedTarget {
        let lock = try deliveryLock(found.path)
        let deployment = report.deployment
        let record = try store.read { snapshot throws(VaultError) in try snapshot.deployment(deployment) }
        let target = record?.targets.first { $0.path == found.path } ?? found
        let contents = try contents(of: deployment, preset: try preset(target))
        report.versions = contents.versions
        let writer = try recovered(target, of: deployment, isLocked: true)
        let abandoned = try abandoned(target, deployment, contents.variables)
        report.isChanged = try !changes(writer, contents.variables, abandoned).isEmpty
        if report.isChanged, !target.hook.isEmpty, !target.delivery.isHookDue {
            // Before the write: a crash right after it must not lose the hook.
            try noteOrThrow(report) { $0.isHookDue = true }
        }
        return PreparedTarget(
            lock: lock, target: target, writer: writer, contents: contents, abandoned: abandoned,
            needsHook: !target.hook.isEmpty && (report.isChanged || target.delivery.isHookDue))
    }

    /// Records what was written, still under the lock, which ends here: a hook must not find the file locked.
    /// - Returns: true when the target's hook has to run.
    private func finish(
        _ prepared: PreparedTarget, _ result: Result<Written, DeliveryError>, _ report: inout TargetReport
    ) -> Bool {
        defer { withExtendedLifetime(prepared.lock) {} }
        do {
            try record(prepared, result, &report)
            return prepared.needsHook
        } catch {
            fail(error, &report)
            return false
        }
    }

    private func record(
        _ prepared: PreparedTarget, _ result: Result<Written, DeliveryError>, _ report: inout TargetReport
    ) throws {
        let written = try result.get()
        report.isWritten = true
        report.isChanged = report.isChanged || written.wasTouched
        if let problem = written.readBackProblem { throw problem }
        report.isReadBack = true
        let delivery = prepared.target.delivery
        let contents = prepared.contents
        guard
            report.isChanged || delivery.versions != contents.versions || delivery.problem != nil
                || delivery.attributes != written.attributes
        else { return }
        let time = store.now()
        try noteOrThrow(report) {
            $0.versions = contents.versions
            $0.names = contents.variables.map(\.name)
            if written.wasTouched || $0.writtenAt == nil { $0.writtenAt = time }
            $0.readBackAt = time
            $0.problem = nil
            $0.attributes = written.attributes
        }
    }

    private func fail(_ error: any Error, _ report: inout TargetReport) {
        let problem = Self.asDelivery(error)
        report.problem = problem
        note(report) { $0.problem = problem.kind }
    }

    private func noteHook(_ problem: DeliveryError?, _ report: inout TargetReport) {
        report.isHookRun = problem == nil
        report.problem = problem
        let time = store.now()
        let versions = report.versions
        note(report) {
            // Somebody may have written newer values meanwhile: their hook is still due.
            $0.isHookDue = problem != nil || $0.versions != versions
            $0.problem = problem?.kind
            if problem == nil { $0.hookRunAt = time }
        }
    }

    /// Records how far a delivery got. A target that was removed meanwhile is nobody's loss.
    private func noteOrThrow(
        _ report: TargetReport, _ change: (inout DeliveryState) -> Void
    ) throws(OperationError) {
        try store.write { transaction throws(VaultError) in
            var record = try transaction.deploymentRecord(report.deployment)
            guard let index = record.targets.firstIndex(where: { $0.path == report.path }) else { return }
            change(&record.targets[index].delivery)
            try transaction.put(record)
        }
    }

    private func note(_ report: TargetReport, _ change: (inout DeliveryState) -> Void) {
        // A failing note leaves the older state, which asks for more work than is needed, never for less.
        try? noteOrThrow(report, change)
    }

    private static func asDelivery(_ error: any Error) -> DeliveryError {
        switch error {
        case let error as DeliveryError: error
        case OperationError.delivery(let error): error
        case OperationError.vault(.retiredSecret(let address)): .retiredKey(address)
        default: .vaultUnavailable
        }
    }
}
