from django.apps import AppConfig


class VolunteersConfig(AppConfig):
    name = "volunteers"
    verbose_name = "志愿服务"

    def ready(self) -> None:
        from accounts import stored
        from notifications.outbox import audiences
        from requests.beside import hanging
        from requests.invitations import inviters
        from requests.powers import contactors
        from requests.signals import request_moved
        from requests.timeline import contributors, wordings
        from volunteers.leaderboards import news as board_news
        from volunteers.powers import is_claimant_of
        from volunteers.receivers import cancel_whistles_of_withdrawn
        from volunteers.stored import about
        from volunteers.telling import invite_to_thank, of_a_request, tell_claims, word_whistles
        from volunteers.whistling.audiences import claimants_of, of_whistle

        stored.register(about)
        audiences.register("whistle", of_whistle)
        audiences.register("claimants", claimants_of)
        hanging["whistles"] = of_a_request
        contactors.append(is_claimant_of)
        contributors.append(tell_claims)
        inviters.append(invite_to_thank)
        wordings["whistle"] = word_whistles
        request_moved.connect(cancel_whistles_of_withdrawn, dispatch_uid="volunteers.withdrawn")
        request_moved.connect(board_news.hear_ratings, dispatch_uid="volunteers.ratings")
