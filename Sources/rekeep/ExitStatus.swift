/// The exit codes of the command contract (after sysexits.h).
enum ExitStatus {
    static let notWell: Int32 = 1
    static let failed: Int32 = 2
    static let usage: Int32 = 64
    static let badInput: Int32 = 65
    static let missing: Int32 = 66
    static let indeterminate: Int32 = 69
    static let cannotWrite: Int32 = 73
    static let busy: Int32 = 75
    static let damaged: Int32 = 76
    static let cannotOpen: Int32 = 77
    static let badConfiguration: Int32 = 78
}
