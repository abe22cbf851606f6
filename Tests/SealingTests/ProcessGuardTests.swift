import CLinux
import Glibc
import Testing

@testable import Sealing

struct ProcessGuardTests {
    @Test func `a raised guard leaves no core and no way into the memory`() async {
        await #expect(processExitsWith: .success) {
            let guarding = ProcessGuard.raise()
            let isGuarded = linux_is_dumpable() == 0 && linux_core_limit() == 0
            guarding.lower()
            exit(isGuarded ? 0 : 1)
        }
    }

    /// The runtime's own crash report would print the memory behind the registers.
    @Test func `a crash is silent`() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = ProcessGuard.raise()
            raise(SIGSEGV)
        }
        let printed = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(!printed.contains("Registers") && !printed.contains("Crash"))
    }
}
