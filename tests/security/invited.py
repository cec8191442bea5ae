"""People who come by a link in a mail, with the pages that it leads to."""

from typing import TYPE_CHECKING

from tests.clusters import eventually
from tests.security.visitor import Visitor

if TYPE_CHECKING:
    from tests.security.story import Story


def invite_people(story: "Story") -> None:
    """One chooses a password by the link and forgets it; the other only looks where the link leads."""
    for name in ("nadia", "olga"):
        story.visitor.submit("/manage/users/new/", email=f"{name}@example.com")
        person, link = Visitor(story.deployment.url, story.visitor.pages), link_of(story, f"invitation of {name}")
        with person.browser:
            with story.without_table("organizations_user"):
                assert person.ask("GET", link).status_code == 500
            form = str(person.ask("GET", link).url)
            if name == "nadia":
                own = story.new("password by a link")
                person.submit(form, new_password1=own, new_password2=story.new("another password by a link"))
                assert "is saved" in person.submit(form, new_password1=own, new_password2=own).text
                person.submit("/sign-in/password/", email="nadia@example.com")
                person.ask("GET", link_of(story, "forgotten password"))


def link_of(story: "Story", name: str) -> str:
    """That of the mail which comes next."""
    assert eventually(lambda: bool(story.post.mails), 60), name
    link = story.post.link()
    story.post.mails.clear()
    story.secrets[f"link of the {name}"] = link.rstrip("/").rpartition("/")[2]
    return link
