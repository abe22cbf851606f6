import Credentials
import Foundation
import Testing

struct TimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_795_246_199, "2026-11-21T07:29:59Z"),
            (4_102_444_799, "2099-12-31T23:59:59Z"), (-1, "1969-12-31T23:59:59Z"),
        ] as [(Int64, String)])
    func `moments are written as RFC 3339`(seconds: Int64, text: String) {
        #expect(Timestamp(seconds: seconds).description == text)
    }

    @Test func `dates are read as midnight in UTC, and only real ones`() {
        #expect(Timestamp(date: "2027-01-31")?.description == "2027-01-31T00:00:00Z")
        #expect(Timestamp(date: "2028-02-29")?.date == "2028-02-29")
        for wrong in [
            "2027-02-29", "2027-13-01", "2027-1-31", "27-01-31", "2027-01-32", "2027-01-31T00:00", "", "aaaa-bb-cc",
        ] {
            #expect(Timestamp(date: wrong) == nil, "\(wrong)")
        }
    }

    @Test func `spans are whole positive numbers with a unit`() {
        #expect(Span("90d") == .days(90))
        #expect(Span("24h")?.description == "1d")
        #expect(Span("15m")?.seconds == 900)
        #expect(Span("60s")?.description == "1m")
        for wrong in ["", "d", "90", "-1d", "0d", "1.5d", "90 d", "99999999999999999999d", "40000d", "+3d"] {
            #expect(Span(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `what comes from outside is brought to a measure`() throws {
        let seconds = Data("[9223372036854775807, -9223372036854775808, 1, 0]".utf8)
        #expect(
            try JSONDecoder().decode([Timestamp].self, from: seconds).map(\.description) == [
                "9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z", "1970-01-01T00:00:00Z",
            ])
        #expect(
            try JSONDecoder().decode([Span].self, from: seconds)
                == [.days(36_525), Span(seconds: 0), Span(seconds: 1), Span(seconds: 0)])
    }
}

struct MoneyTests {
    @Test func `an amount is a plain decimal number`() {
        #expect(Money(amount: "-12.50", currency: "USD")?.amount == "-12.50")
        for wrong in [
            "", "1,234.50", "1e3", "0x10", "12.", ".5", "NaN", "--1", "1 2", String(repeating: "9", count: 41),
        ] {
            #expect(Money(amount: wrong, currency: nil) == nil, "\(wrong)")
        }
    }
}
