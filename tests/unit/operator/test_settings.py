"""Settings from the environment."""

import pytest

from slipway_operator.settings import Settings, SettingsError


def test_defaults():
    settings = Settings.from_environment({})
    assert settings.gateway is None
    assert settings.hostname("churn", "ml") == "churn-ml.example.com"


def test_all():
    settings = Settings.from_environment(
        {
            "SLIPWAY_GATEWAY": "infra/public",
            "SLIPWAY_DOMAIN": "models.test",
            "SLIPWAY_HOSTNAME_TEMPLATE": "{name}.{namespace}.{domain}",
            "SLIPWAY_URL_PORT": "8080",
        }
    )
    assert (settings.gateway.namespace, settings.gateway.name) == ("infra", "public")
    assert settings.hostname("churn", "ml") == "churn.ml.models.test"
    assert settings.url_port == 8080


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLIPWAY_GATEWAY", "public"),
        ("SLIPWAY_GATEWAY", "/public"),
        ("SLIPWAY_HOSTNAME_TEMPLATE", "{model}.{domain}"),
        ("SLIPWAY_URL_PORT", "http"),
        ("SLIPWAY_HEALTH_PORT", "70000"),
    ],
)
def test_bad_settings_are_named(name, value):
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({name: value})
