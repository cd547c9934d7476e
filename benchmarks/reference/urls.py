from django.urls import path

from benchmarks.reference.views import SendView

urlpatterns = [path("api/v1/<channel>", SendView.as_view())]
