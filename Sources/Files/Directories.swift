internal import Glibc

/// A directory as a list of names, and as something that has to reach the disk.
public enum Directories {
    /// The names in a directory, in no order; none where it cannot be read.
    public static func names(in path: String) -> [String] {
        guard let listing = opendir(path) else { return [] }
        return names(listing)
    }

    /// As the other, of an open directory, which stays open.
    /// - Throws: when it cannot be read.
    public static func names(of descriptor: Int32) throws(SystemError) -> [String] {
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw .last }
        guard let listing = fdopendir(copy) else {
            let error = SystemError.last
            close(copy)
            throw error
        }
        return names(listing)
    }

    private static func names(_ listing: OpaquePointer) -> [String] {
        defer { closedir(listing) }
        var names: [String] = []
        while let item = readdir(listing) {
            let name = withUnsafePointer(to: &item.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Opens a directory, so that what follows happens in the one that was looked at.
    public static func open(_ path: String) throws(SystemError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last }
        return descriptor
    }

    /// Makes the names in a directory durable.
    public static func sync(_ path: String) throws(SystemError) {
        let descriptor = try open(path)
        defer { close(descriptor) }
        try Descriptors.sync(descriptor)
    }
}
