/// What stands for a secret value on a screen: always the same, whatever the value.
enum Mask {
    static let text = "••••••••"
}
