"""Accounts, for the system administrator alone: who may sign in, and help for who cannot. No phone in clear."""

from __future__ import annotations

from typing import Any

from axes.utils import reset as unlock_axes
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from accounts import signin
from accounts.codes import normal_phone
from accounts.models import User
from accounts.powers import administers
from ground.errors import RuleViolation
from ground.fields import phone_index


@admin.register(User)
class UserAdmin(ModelAdmin):
    list_before_template = "admin/calendar_notice.html"  # the page on which an administrator begins
    list_display = ["name", "shown_phone", "is_active", "is_administrator", "joined_at", "proved_at"]
    list_filter = ["is_active", "is_administrator"]
    search_fields = ["name"]
    search_help_text = "按姓名，或输入完整手机号"
    fields = ["name", "shown_phone", "is_active", "is_administrator", "joined_at", "proved_at", "last_login"]
    readonly_fields = ["shown_phone", "is_active", "is_administrator", "joined_at", "proved_at", "last_login"]
    actions = ["activate", "deactivate", "reset_credentials", "unlock"]
    list_per_page = 50
    show_full_result_count = False

    # Who may: Django's permissions are not used, and the flag alone is not enough without a second factor.

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return administers(request.user)

    has_module_permission = has_change_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="手机号")
    def shown_phone(self, user: User) -> str:
        return user.masked_phone

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """A whole number is found by its keyed hash; anything else is a name."""
        try:
            return queryset.filter(phone_index=phone_index(normal_phone(search_term))), False
        except RuleViolation:
            return super().get_search_results(request, queryset, search_term)

    @admin.action(description="启用账号", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        count = queryset.exclude(phone="").update(is_active=True)
        messages.success(request, f"已启用 {count} 个账号。")

    @admin.action(description="停用账号（立即退出登录）", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        count = queryset.exclude(pk=request.user.pk or 0).update(is_active=False)
        messages.success(request, f"已停用 {count} 个账号。自己的账号不能停用。")

    @admin.action(description="重置密码和二次验证", permissions=["change"])
    def reset_credentials(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            signin.reset_credentials(user)
        messages.success(request, "已重置：请本人用短信验证码登录后重新设置密码。")

    @admin.action(description="解除密码错误锁定", permissions=["change"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        count = sum(unlock_axes(username=user.phone_index) for user in queryset)
        messages.success(request, f"已清除 {count} 条错误记录。")
