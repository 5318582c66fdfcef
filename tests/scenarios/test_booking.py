from datetime import timedelta
from tenant import *

def test_a_first_session(tenant):
    tenant.run_until(berlin("2026-03-02 09:00"))
    print(tenant.starts("tom"), tenant.starts("mira"), tenant.alerts(), tenant.world.request_counts)
    import time
    for d in range(3, 30):
        t=time.time()
        tenant.run_until(berlin(f"2026-03-{d:02} 09:00"))
        print(d, round(time.time()-t,2), tenant.starts("tom"))
    print(tenant.world.request_counts)
    print([ (m.subject, m.headers) for m in tenant.mails("mira")])
    assert 0
