/// A provider's profile in which nothing is wrong.
enum SampleProfile {
    static let text = """
        id: mine
        label: Mine
        variable_prefix: MINE
        rotation: overlap
        max_age: 90d
        activation_window: 2m
        panel: somewhere
        limit: { requests: 1, per: 1s, scope: key }
        fields:
          - { name: token, label: Token, secret: true, role: key, variable: TOKEN }
        environments: { live: "https://mine.example" }
        balance:
          requests:
            - { method: GET, url: "{{base_url}}/me", headers: { Authorization: "Bearer {{token}}" } }
          outcomes:
            ok: [{ status: 200, json: { pointer: /ok, equals: "true" } }]
        """
}
