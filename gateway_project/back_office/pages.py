"""The pages of the whole house, in the order in which their URLs are tried."""

from gateway_project.back_office.be_smartico import BeSmartico, BeSmarticoOf, ToldSmartico
from gateway_project.back_office.find import FindPage
from gateway_project.back_office.guard.page import GuardPicture
from gateway_project.back_office.health import Health, HealthCheck
from gateway_project.back_office.page import Page
from gateway_project.back_office.reconciliation import Reconciliation, ReconciliationExport
from gateway_project.back_office.resume_callbacks import ResumeCallbacks
from gateway_project.back_office.routes.pages import RouteExplanation, RouteImpact, RoutesPage
from gateway_project.back_office.test_alert import TestAlert
from gateway_project.back_office.test_send import TestSend

PAGES: tuple[type[Page], ...] = (
    *(FindPage, RoutesPage, RouteExplanation, RouteImpact),
    *(Reconciliation, ReconciliationExport),
    *(Health, HealthCheck),
    *(BeSmartico, BeSmarticoOf, ToldSmartico),
    *(TestSend, ResumeCallbacks, GuardPicture, TestAlert),
)
