extension OpenVault {
    /// What speaks against a copy, found out before anything is done.
    /// - Throws: `alreadyExists`, `companion`; `damaged` with the first thing that was found.
    public func requireCopyable(to path: String) throws(VaultError) {
        try Companions.requireFreePlace(path)
        let report = try read { snapshot throws(VaultError) in try snapshot.verify() }
        if let damage = report.findings.first { throw .damaged(damage) }
    }

    /// Copies the vault, as it is at one moment, into a new file, and verifies the copy before it gets its name.
    /// - Throws: `alreadyExists`, `notAccessible`, `diskFull`; `damaged` with the first thing that was found. Then
    ///   there is no new file.
    public func backUp(to path: String) throws(VaultError) -> VerifyReport {
        let draft = try DraftFile(beside: path)
        try database.copy(to: try Database(path: draft.path, isEmpty: true))
        let report = try copy(in: try VaultFile(path: draft.path)).verifyAnyAge()
        if let damage = report.findings.first { throw .damaged(damage) }
        try draft.publish(at: path)
        return report
    }
}
