import pytest
from django.http import HttpResponse

from gateway_project.lib.content_policy import ContentPolicyMiddleware


def policy_of(rf, path, **headers):
    answer = ContentPolicyMiddleware(lambda request: HttpResponse(headers=headers))(rf.get(path))
    return answer.headers


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/api/docs", "/api/docs/"])
def test_pages_for_people_load_only_what_is_ours(rf, path):
    policy = policy_of(rf, path)["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval';" in policy
    assert "style-src 'self' 'unsafe-inline';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "*" not in policy


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/email", "/administrator", "/api/docsish", "/callbacks/webhooks/x"]
)
def test_everything_else_may_do_nothing(rf, path):
    headers = policy_of(rf, path)
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_forms_of_the_admin_keep_their_origin(rf):
    assert policy_of(rf, "/admin/")["Referrer-Policy"] == "same-origin"


def test_a_view_keeps_the_policy_it_sets(rf):
    own = {"Content-Security-Policy": "default-src 'self'"}
    assert policy_of(rf, "/admin/", **own)["Content-Security-Policy"] == "default-src 'self'"


def test_the_middleware_stands_in_the_way_of_every_page(client):
    assert "Content-Security-Policy" in client.get("/no/such/page").headers
