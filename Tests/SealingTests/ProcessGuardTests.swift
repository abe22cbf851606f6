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
}
