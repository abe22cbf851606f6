import Testing

/// A vault with more credentials than one thread opens alone.
struct ManyTests {
    @Test func `where the system gives no thread, everything is read all the same`() async throws {
        let sandbox = try await Sandbox()
        let filled = try await sandbox.run([
            Sandbox.products + "/vault-filler", sandbox.vault, sandbox.identity, sandbox.file("state/rekeep"), "1500",
        ])
        try #require(filled.status == 0, "\(filled.err)")
        let shim = sandbox.file("threads.so")
        try await sandbox.build("threads.c", to: shim, "-shared", "-fPIC")
        for words in [["list", "--json"], ["status", "--json"], ["verify"]] {
            let threaded = try await sandbox.rekeep(words)
            let command = ["timeout", "60", Sandbox.products + "/rekeep"] + words
            let alone = try await sandbox.run(command, more: ["LD_PRELOAD": shim])
            #expect(alone.status == threaded.status && alone.out == threaded.out, "\(words): \(alone.err)")
            // Too little for the heap that each thread reserves.
            let small = try await sandbox.run(["sh", "-c", "ulimit -v 200000; exec \"$@\"", "sh"] + command)
            #expect(small.status == threaded.status && small.out == threaded.out, "\(words): \(small.err)")
        }
        #expect(try await sandbox.rekeep("list", "--json").objects.count == 1500)
    }
}
