"""Actions and their areas in words. The outcome is told apart, so each reads well when it failed or was denied."""

AREAS = {
    "provider": "Workspace providers",
    "allowlist": "Allowlists",
    "environment": "Environments",
    "operation": "Cancelled operations",
    "organization": "Organizations",
    "user": "Users",
    "image": "Images",
    "token": "API tokens",
    "access_url": "Access URL",
    "rollout": "Rollouts",
    "authentication": "Authentication",
    "audit": "Audit log",
    "keys": "Encryption keys",
}
SIGN_IN = "sign_in"
SIGN_IN_ACTIONS = ("user.sign_in", "user.sign_out", "user.lock", "user.unlock")
ACTIONS = {
    "provider.register": "Register the provider",
    "provider.update": "Change the provider",
    "provider.preflight": "Run the pre-flight check",
    "provider.deploy": "Deploy the provider",
    "provider.delete": "Delete the provider",
    "provider.check": "Check the provider now",
    "provider.cordon": "Cordon the provider",
    "provider.uncordon": "Uncordon the provider",
    "provider.set_default": "Make it the default provider",
    "provider.rotate_token": "Make a new envproxy token",
    "provider.revoke_token": "Revoke envproxy tokens",
    "provider.enrol": "Enrol by envproxy",
    "provider.beat": "Call home with an ended token",
    "allowlist.change": "Change who may use the provider",
    "allowlist.closed": "End a closing allowlist entry",
    "environment.create": "Create the environment",
    "environment.start": "Start the environment",
    "environment.stop": "Stop the environment",
    "environment.rebuild": "Rebuild the environment",
    "environment.delete": "Delete the environment",
    "environment.postpone": "Keep it from being stopped",
    "environment.open": "Open the environment",
    "operation.cancel.preflight": "Cancel a pre-flight check",
    "operation.cancel.deploy": "Cancel a deploy",
    "operation.cancel.delete": "Cancel a deletion",
    "operation.cancel.create": "Cancel a build",
    "operation.cancel.start": "Cancel a start",
    "operation.cancel.stop": "Cancel a stop",
    "operation.cancel.rebuild": "Cancel a rebuild",
    "organization.create": "Create the organization",
    "organization.update": "Change the organization",
    "organization.delete": "Delete the organization",
    "organization.set_default": "Make it the default organization",
    "organization.add_member": "Add a member",
    "organization.remove_member": "Remove a member",
    "organization.set_member_role": "Change a member's role",
    "user.create": "Create the account",
    "user.set_site_role": "Change the site role",
    "user.set_organizations": "Change the organizations",
    "user.deactivate": "Deactivate the account",
    "user.activate": "Activate the account",
    "user.reset_password": "Reset the password",
    "user.change_password": "Change the password",
    "user.invite": "Invite the person",
    "user.accept_invitation": "Accept the invitation",
    "user.forget_password": "Ask for a link to a new password",
    "user.sign_in": "Sign in",
    "user.sign_out": "Sign out",
    "user.link": "Link the account to the sign-in service",
    "user.unlink": "Unlink the account from the sign-in service",
    "user.end_password": "End the temporary password",
    "user.add_factor": "Add a second factor",
    "user.rename_factor": "Rename a second factor",
    "user.remove_factor": "Remove a second factor",
    "user.reset_factors": "Remove the second factors of a person",
    "user.make_recovery_codes": "Make recovery codes",
    "user.end_session": "End a session",
    "user.end_sessions": "End all sessions",
    "user.lock": "Sign in to a locked account",
    "user.unlock": "Unlock the sign-in",
    "user.join_support": "Make support staff",
    "user.leave_support": "End being support staff",
    "user.read_ssh_key": "Read the SSH key",
    "image.import": "Import the image",
    "image.update": "Change the image",
    "image.add_tag": "Add a tag to the image",
    "image.remove_tag": "Remove a tag from the image",
    "token.create": "Make an API token",
    "token.regenerate": "Make an API token anew",
    "token.end": "End an API token",
    "access_url.plan": "Plan a change of the access URL",
    "access_url.check": "Check the new access URL",
    "access_url.drop": "Drop the plan",
    "access_url.switch": "Switch to the new access URL",
    "access_url.confirm": "Confirm the new access URL",
    "access_url.finish": "Refuse the old access URL",
    "access_url.roll_back": "Roll back the access URL",
    "access_url.rolled_back": "Be back on the old access URL",
    "rollout.start": "Start a rollout",
    "rollout.pause": "Pause the rollout",
    "rollout.resume": "Resume the rollout",
    "rollout.retry": "Retry what failed",
    "rollout.skip": "Skip a provider",
    "rollout.call_off": "Call off the rollout",
    "rollout.end": "End the rollout",
    "authentication.demand_factors": "Say which site roles must have a second factor",
    "authentication.update": "Change the sign-in service",
    "authentication.set_openid_connect": "Switch OpenID Connect",
    "authentication.set_built_in": "Switch built-in sign-in",
    "audit.remove": "Remove old events",
    "audit.export": "Export events",
    "keys.rotate": "Encrypt secrets with the first key",
}


def action_in_words(action: str) -> str:
    """`Cordon the provider`; an action that has no words here is told by its code: `Provider: do it`."""
    area, _, verb = action.partition(".")
    return ACTIONS.get(action) or f"{area.replace('_', ' ').capitalize()}: {verb.replace('_', ' ').replace('.', ' ')}"


def action_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """For a select: each area as a whole, then its actions."""
    groups: list[tuple[str, str, tuple[str, ...]]] = [(SIGN_IN, "Sign-in", SIGN_IN_ACTIONS)]
    for area, label in AREAS.items():
        actions = tuple(action for action in ACTIONS if action.startswith(f"{area}.") and action not in SIGN_IN_ACTIONS)
        groups.append((area, label, actions))
    return [
        (label, [(key, f"{label}: all"), *((action, ACTIONS[action]) for action in actions)])
        for key, label, actions in groups
    ]
