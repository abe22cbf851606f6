/// Colour for what matters: red for wrong, yellow for soon, green for well.
struct Style {
    enum Tone: String {
        case good = "32"
        case soon = "33"
        case bad = "31"
        case faint = "2"
    }

    let isOn: Bool

    func paint(_ text: String, _ tone: Tone) -> String {
        isOn && !text.isEmpty ? "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m" : text
    }
}
