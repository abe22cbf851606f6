/// Which hooks still wait for targets that name them, so that each runs once, after the last of them.
struct HookQueue {
    private struct Hook {
        let words: [String]
        var waitsFor: Set<Int>
        var due: [Int] = []
    }

    private var hooks: [Hook] = []

    /// - Parameter targets: the words of each target's hook, empty where it has none, with the target's index.
    init(_ targets: [(index: Int, words: [String])]) {
        for (index, words) in targets where !words.isEmpty {
            if let position = hooks.firstIndex(where: { $0.words == words }) {
                hooks[position].waitsFor.insert(index)
            } else {
                hooks.append(Hook(words: words, waitsFor: [index]))
            }
        }
    }

    /// Notes that a target is written or has failed.
    /// - Parameter isDue: its hook has to run.
    /// - Returns: the words that are to be run now, and the targets that they are run for; nil when others are still to be
    ///   written, or none needs it.
    mutating func settle(_ index: Int, isDue: Bool) -> (words: [String], indices: [Int])? {
        guard let position = hooks.firstIndex(where: { $0.waitsFor.contains(index) }) else { return nil }
        hooks[position].waitsFor.remove(index)
        if isDue { hooks[position].due.append(index) }
        let hook = hooks[position]
        return hook.waitsFor.isEmpty && !hook.due.isEmpty ? (hook.words, hook.due.sorted()) : nil
    }
}
