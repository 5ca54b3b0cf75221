import { Link, useRouterState } from '@tanstack/react-router'
import { App, Button, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { State, Time } from '../../kit/show'
import { LiveTail } from './live'

type Call = Schemas['CallView']

export const useRestart = () => {
  const { t } = useTranslation()
  return useAction(
    (id: string) => unwrap(api.POST('/api/v1/calls/{id}/restart', { params: { path: { id } } })),
    undefined,
    t('calls.restarted'),
  )
}

/** Sends every failed message again, a hundred at a time; says how many went. */
function RestartFailed() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const restart = useAction(
    async () => {
      const failed = await unwrap(api.GET('/api/v1/calls', { params: { query: { state: 'failed', limit: '100' } } }))
      if (failed.calls.length === 0) return []
      return (await unwrap(api.POST('/api/v1/calls/restart', { body: { ids: failed.calls.map((c) => c.id) } }))).calls
    },
    (calls) =>
      void message.info(
        t('calls.restarted_many', {
          count: calls.filter((c) => c.restarted).length,
          left: calls.filter((c) => !c.restarted).length,
        }),
      ),
  )
  return (
    <Popconfirm title={t('calls.restart_all_sure')} onConfirm={() => restart.mutate(undefined)}>
      <Button loading={restart.isPending}>{t('calls.restart_all')}</Button>
    </Popconfirm>
  )
}

/** Production-interface messages: filter, detail, restart. */
export function Calls() {
  const { t } = useTranslation()
  const role = useRouterState({ select: (s) => s.location.pathname.split('/')[1] ?? 'seller' })
  const restart = useRestart()
  const options = (prefix: string, values: string[]) =>
    values.map((value) => ({ value, label: t(`${prefix}.${value}`) }))
  return (
    <Page title={t('nav.calls')} purpose={t('calls.purpose')}>
      <LiveTail role={role} />
      <List<Call>
        name={`calls-${role}`}
        rowKey={(c) => c.id}
        empty={t('calls.empty')}
        extra={<RestartFailed />}
        fetch={async ({ order, instance, state, activity }, paging) => {
          const data = await unwrap(
            api.GET('/api/v1/calls', { params: { query: { order, instance, state, activity, ...paging } } }),
          )
          return { rows: data.calls, next: data.next }
        }}
        filters={[
          { name: 'order', label: t('field.order_number') },
          { name: 'instance', label: t('field.instance') },
          {
            name: 'activity',
            label: t('calls.activity'),
            options: options('activity', [
              'newInstance',
              'queryInstance',
              'refreshInstance',
              'updateInstanceStatus',
              'releaseInstance',
              'upgradeInstance',
              'changeInstanceCheck',
              'refreshLicenseCode',
              'updateLicenseCodeStatus',
              'releaseLicenseCode',
              'getLicense',
              'refreshLicense',
              'expireLicense',
              'releaseLicense',
              'getLicenseAsync',
              'tenantSync',
              'allOrgSync',
              'applicationSync',
              'authSync',
              'singleOrgSync',
              'orderNotify',
            ]),
          },
          { name: 'state', label: t('field.state'), options: options('state', ['waiting', 'due', 'done', 'failed']) },
        ]}
        columns={[
          {
            key: 'activity',
            title: t('calls.activity'),
            value: (c) => t(`activity.${c.activity}`),
            render: (c) => (
              <Link to={`/${role}/calls/$id` as never} params={{ id: c.id } as never}>
                {t(`activity.${c.activity}`)}
              </Link>
            ),
          },
          {
            key: 'order',
            title: t('field.order_number'),
            value: (c) => c.order_number,
            render: (c) => <span className="mono">{c.order_number ?? '–'}</span>,
          },
          {
            key: 'state',
            title: t('field.state'),
            value: (c) => t(`state.${c.state}`),
            render: (c) => <State of={c.state} />,
          },
          { key: 'attempts', title: t('calls.attempts'), value: (c) => c.attempts, align: 'right' },
          {
            key: 'next',
            title: t('calls.next'),
            value: (c) => c.next_attempt_at,
            render: (c) => <Time at={c.next_attempt_at} />,
          },
          {
            key: 'error',
            title: t('calls.error'),
            value: (c) => c.last_error,
            render: (c) => <div style={{ maxWidth: 320, whiteSpace: 'normal' }}>{c.last_error}</div>,
          },
          {
            key: 'created',
            title: t('field.created_at'),
            sort: 'created',
            value: (c) => c.created_at,
            render: (c) => <Time at={c.created_at} />,
          },
          {
            key: 'do',
            title: t('field.actions'),
            render: (c) =>
              (c.state === 'failed' || (c.state === 'due' && c.attempts > 0)) && (
                <Button size="small" onClick={() => restart.mutate(c.id)}>
                  {t('calls.restart')}
                </Button>
              ),
          },
        ]}
      />
    </Page>
  )
}
