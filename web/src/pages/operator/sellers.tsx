import { Button, Descriptions } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { onVersion, useDecision } from '../../kit/decide'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { pictureUrl, State, Time } from '../../kit/show'

type Seller = Schemas['SellerView']

/** What a seller said of himself: open while it waits for the decision. */
function Profile({ of: s }: { of: Seller }) {
  const { t } = useTranslation()
  const items = Object.entries(s.profile ?? {})
    .filter(([, v]) => v)
    .map(([k, v]) => ({
      key: k,
      label: t(`profile.${k}`),
      children:
        k === 'brand_picture' ? (
          <img src={pictureUrl(String(v))} alt={t('profile.brand_picture')} style={{ maxWidth: '100%' }} />
        ) : (
          String(v)
        ),
    }))
  return (
    <details open={s.state === 'in_review'}>
      <summary>{s.name}</summary>
      <Descriptions size="small" column={1} style={{ maxWidth: 520, marginTop: 8 }} items={items} />
    </details>
  )
}

/** Seller profiles, approved or sent back. */
export function Sellers() {
  const { t } = useTranslation()
  const { ask, askWhy } = useDecision()
  const to = (s: Seller) => ({ path: { id: s.account_id }, header: onVersion(s) })
  const approve = useAction((s: Seller) => unwrap(api.POST('/api/v1/operator/sellers/{id}/approve', { params: to(s) })))
  const reject = useAction(({ of, reason }: { of: Seller; reason: string }) =>
    unwrap(api.POST('/api/v1/operator/sellers/{id}/reject', { params: to(of), body: { reason } })),
  )
  const about = (s: Seller): [string, ReactNode][] => [
    [t('field.seller'), s.name],
    [t('profile.company_name'), s.profile?.company_name],
    [t('profile.business_licence_number'), s.profile?.business_licence_number],
    [t('reviews.submitted'), <Time key="at" at={s.submitted_at} />],
  ]
  return (
    <Page title={t('nav.sellers')} purpose={t('sellers.purpose')}>
      <List<Seller>
        name="sellers"
        rowKey={(s) => s.account_id}
        empty={t('sellers.empty')}
        fetch={async ({ state, name }, paging) => {
          const data = await unwrap(
            api.GET('/api/v1/operator/sellers', { params: { query: { state, name, ...paging } } }),
          )
          return { rows: data.sellers, next: data.next }
        }}
        filters={[
          { name: 'name', label: t('field.seller') },
          {
            name: 'state',
            label: t('field.state'),
            options: ['in_review', 'approved', 'rejected'].map((value) => ({ value, label: t(`state.${value}`) })),
          },
        ]}
        columns={[
          { key: 'name', title: t('field.seller'), value: (s) => s.name, render: (s) => <Profile of={s} /> },
          {
            key: 'state',
            title: t('field.state'),
            value: (s) => t(`state.${s.state}`),
            render: (s) => (
              <>
                <State of={s.state} /> {s.reason}
              </>
            ),
          },
          {
            key: 'at',
            title: t('reviews.submitted'),
            sort: 'created',
            value: (s) => s.submitted_at,
            render: (s) => <Time at={s.submitted_at} />,
          },
          {
            key: 'do',
            title: t('field.actions'),
            render: (s) =>
              s.state === 'in_review' && (
                <div className="row">
                  <Button
                    type="primary"
                    size="small"
                    onClick={() =>
                      ask(
                        {
                          title: t('sellers.approve_title'),
                          about: about(s),
                          sure: t('sellers.approve_sure'),
                          ok: t('review.approve'),
                        },
                        () => approve.mutateAsync(s),
                      )
                    }
                  >
                    {t('review.approve')}
                  </Button>
                  <Button
                    danger
                    size="small"
                    onClick={() =>
                      askWhy(
                        { title: t('sellers.reject_title'), about: about(s), ok: t('review.reject'), danger: true },
                        (reason) => reject.mutateAsync({ of: s, reason }),
                      )
                    }
                  >
                    {t('review.reject')}
                  </Button>
                </div>
              ),
          },
        ]}
      />
    </Page>
  )
}
