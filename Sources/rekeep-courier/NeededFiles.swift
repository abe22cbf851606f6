internal import Files
internal import Glibc

/// All that the courier has to read: profiles, certificates, and what the C library looks at to find a host.
struct NeededFiles {
    /// Files and directories. Links among them count as what they lead to.
    let paths: [String]

    private static let always = [
        // Certificates, where NIOSSL looks for them and where the links in there lead to, by distribution.
        "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs", "/usr/share/ca-certificates",
        "/usr/local/share/ca-certificates", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/tls/certs",
        "/etc/pki/ca-trust/extracted", "/etc/ca-certificates/extracted", "/var/lib/ca-certificates",
        // resolver(5), getaddrinfo(3), and the modules that nsswitch.conf(5) names, with what ld.so(8) reads for them.
        "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services",
        "/etc/protocols", "/etc/ld.so.cache", "/lib", "/lib64", "/usr/lib", "/usr/lib64",
        "/dev/null", "/dev/urandom",
    ]

    private static let resolverDirectories = [
        "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", "/run/netconfig", "/run/connman",
    ]

    /// - Parameters:
    ///   - ownProfiles: the directory of the user's profiles.
    ///   - environment: `SSL_CERT_FILE` and `SSL_CERT_DIR` (a list with colons) are honoured.
    init(ownProfiles: String?, environment: [String: String]) {
        var paths = Self.always
        let certificates = environment["SSL_CERT_DIR"]?.split(separator: ":").map(String.init) ?? []
        for directory in [ownProfiles, environment["SSL_CERT_FILE"]].compactMap(\.self) + certificates {
            paths.append(directory)
            if !paths.dropLast().contains(directory) {
                // Of the profiles' directory only what is one by its name.
                paths += Self.links(in: directory, ending: directory == ownProfiles ? OwnProfiles.ending : "")
            }
        }
        // It is replaced, not changed, when the network changes: its directory counts, where that holds nothing else.
        if let resolver = realpath("/etc/resolv.conf", nil) {
            let target = String(cString: resolver)
            free(resolver)
            paths += Self.resolverDirectories.filter { target.hasPrefix($0 + "/") }
        }
        self.paths = paths
    }

    /// A profile or a certificate may lie elsewhere and only be linked.
    private static func links(in directory: String, ending: String) -> [String] {
        Directories.names(in: directory).filter { $0.hasSuffix(ending) }.map { directory + "/" + $0 }.filter { path in
            var (link, status) = (stat(), stat())
            // One that leads to a directory would open all that is in there.
            return lstat(path, &link) == 0 && link.st_mode & S_IFMT == S_IFLNK && stat(path, &status) == 0
                && status.st_mode & S_IFMT == S_IFREG
        }
    }
}
