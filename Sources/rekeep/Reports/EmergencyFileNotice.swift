import Operations

/// What became of emergency files. It is told however quiet it is to be: nobody else knows of these keys.
enum EmergencyFileNotice {
    static func tell(_ found: (taken: [TakenIn], left: [LeftOutside]), _ console: Console) {
        for key in found.taken { console.warn(text(key)) }
        for file in found.left { console.warn(text(file)) }
    }

    private static func text(_ key: TakenIn) -> String {
        let next =
            key.isStaged
            ? "rekeep rotate --resume \(key.address) goes on with it."
            : "rekeep rotate \(key.address) --to \(key.version) proves it and makes it current."
        return
            "A key that was issued at \(key.issuedAt) was kept in \(key.path); it is version \(key.version) of \(key.address) now. \(next)"
    }

    static func text(_ file: LeftOutside) -> String {
        switch file.reason {
        case .busy:
            "\(file.path) has an issued key, and its credential is busy: a rotation is under way. The next rekeep command tries again."
        case .credentialGone:
            "\(file.path) has an issued key of a credential that is not in this vault, and may be the only one that works. A copy of the vault that has the credential takes it in: rekeep restore, or the file vault.db.replaced-N of an earlier restore. Remove the file only when nothing needs the key."
        case .unknown:
            "\(file.path) may hold an issued key, and does not open: it is another vault's, or it was changed. It stays where it is."
        case .storage(let error):
            "\(file.path) may hold an issued key, and can't be taken in: \(Complaint.cause(error)). The next rekeep command tries again."
        }
    }
}
