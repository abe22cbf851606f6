import Credentials
import Delivery
import Foundation
import Sealing
import Testing

@testable import Operations

/// Targets: what is written, what is found there later, and what is left for the next time.
struct DelivererTests {
    private let bed: TestBed
    private let path: String

    init() async throws {
        bed = try await TestBed()
        path = bed.directory + "/shop.env"
    }

    private func addTarget(hook: [String] = [], preset: String = "plain", path: String? = nil) throws {
        try bed.keeper.deliverer.addTarget(
            Target(
                path: path ?? self.path, preset: preset, reader: "universal", mode: nil, owner: nil, group: nil,
                hook: hook), to: bed.address.deployment)
    }

    private var content: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    @Test func `a target holds what is current, and a second delivery touches nothing`() async throws {
        try addTarget()
        let first = try #require(try await bed.keeper.deliverer.deploy([]).first)
        #expect(first.isDone && first.isChanged)
        #expect(content.contains("SCRIPTED_TOKEN=\(bed.first)\n"))
        let second = try #require(try await bed.keeper.deliverer.deploy([]).first)
        #expect(second.isDone && !second.isChanged)
        #expect(try bed.keeper.deliverer.drift([]).map(\.state) == [.current])
    }

    @Test func `what is found at a target is told apart`() async throws {
        try addTarget()
        #expect(try bed.keeper.deliverer.drift([]).map(\.state) == [.missing])
        _ = try await bed.keeper.deliverer.deploy([])
        let old = content
        let new = bed.provider.issue()
        _ = try await bed.rotate(to: new)
        #expect(content.contains(new))
        for (text, state) in [
            (old, DriftReport.State.stale), (old.replacing(bed.first, with: "fake-foreign"), .foreign),
            ("OTHER=1\n", .missing), (old.replacing(bed.first, with: new), .current),
        ] {
            try Data(text.utf8).write(to: URL(filePath: path))
            #expect(try bed.keeper.deliverer.drift([]).map(\.state) == [state])
            let flags = try bed.status().flags
            #expect(flags.contains(.drift) == (state != .current), "\(state)")
        }
    }

    @Test func `a hook that fails is due until it has run, and runs once for both targets that name it`() async throws {
        let marks = bed.directory + "/marks"
        let hook = bed.directory + "/hook"
        try Data("#!/bin/sh\necho x >>\(marks)\ntest -e \(bed.directory)/ready\n".utf8).write(to: URL(filePath: hook))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
        try addTarget(hook: [hook])
        try addTarget(hook: [hook], path: bed.directory + "/second.env")
        #expect(try await bed.keeper.deliverer.deploy([]).allSatisfy { $0.isReadBack && $0.isHookRun == false })
        #expect(try bed.keeper.deliverer.drift([]).allSatisfy { $0.state == .current && $0.isHookDue })
        try Data().write(to: URL(filePath: bed.directory + "/ready"))
        #expect(try await bed.keeper.deliverer.deploy([]).allSatisfy(\.isDone))
        #expect(try String(contentsOfFile: marks, encoding: .utf8) == "x\nx\n")
        #expect(try bed.keeper.deliverer.drift([]).allSatisfy { !$0.isHookDue })
    }

    @Test func `a promoted key has its hook due, though nobody came to write the file`() async throws {
        try addTarget(hook: ["/bin/true"])
        _ = try await bed.keeper.deliverer.deploy([])
        // The directory is gone when the new key is to be written.
        let plan = try await bed.plan()
        let key = bed.provider.issue()
        try bed.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(key.utf8)], expires: nil, options: TestBed.proof())
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let report = try await bed.keeper.rotations.finish(plan, options: TestBed.proof())
        #expect(report.rotation.state == .delivering)
        #expect(try bed.keeper.deliverer.targets([bed.address.deployment]).map(\.target.delivery.isHookDue) == [true])
        try FileManager.default.removeItem(atPath: path)
        let resumed = try await bed.keeper.rotations.resume(bed.reference, options: TestBed.proof())
        #expect(resumed.rotation.state == .grace && resumed.targets.map(\.isHookRun) == [true])
        #expect(content.contains(key))
    }

    @Test func `one path is one target, and what cannot be written is refused before it is stored`() async throws {
        try addTarget()
        #expect(throws: OperationError.targetExists(path: path, bed.address.deployment)) { try addTarget() }
        #expect(throws: OperationError.self) { try addTarget(preset: "no-such") }
        #expect(throws: OperationError.self) { try addTarget(path: bed.directory + "/nowhere/app.env") }
        #expect(try bed.keeper.deliverer.targets([bed.address.deployment]).map(\.target.path) == [path])
        try bed.keeper.deliverer.removeTarget(path: path, from: bed.address.deployment)
        #expect(throws: OperationError.noTarget(path: path, bed.address.deployment)) {
            try bed.keeper.deliverer.removeTarget(path: path, from: bed.address.deployment)
        }
    }
}
