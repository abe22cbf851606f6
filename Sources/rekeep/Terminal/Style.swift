/// Colour for what matters: red for wrong, yellow for soon, green for well.
struct Style {
    enum Tone: String {
        case good = "32"
        case soon = "33"
        case bad = "31"
        case faint = "2"
    }

    let isOn: Bool

    /// What turns a tone on; nothing where nothing is painted.
    func start(_ tone: Tone) -> String { isOn ? "\u{1B}[\(tone.rawValue)m" : "" }

    /// What turns it off again.
    var end: String { isOn ? "\u{1B}[0m" : "" }
}
